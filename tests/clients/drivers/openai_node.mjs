// OpenAI's SDK for Node: chat with its tool runner, responses with a loop by hand.
import { readFileSync } from "node:fs";
import OpenAI from "openai";

const [api, scene, prompt] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${process.env.GATEWAY_URL}/v1`, apiKey: process.env.KIRO_GATEWAY_API_KEY });
const model = process.env.GATEWAY_MODEL;
const parameters = { type: "object", properties: { path: { type: "string" } }, required: ["path"] };
const read = ({ path }) => readFileSync(path, "utf8");

const chat = {
  async hello() {
    const answer = await client.chat.completions.create({ model, messages: [{ role: "user", content: prompt }] });
    console.log(answer.choices[0].message.content);
  },
  async stream() {
    const stream = client.chat.completions.stream({ model, messages: [{ role: "user", content: prompt }] });
    stream.on("content", (piece) => process.stdout.write(piece));
    await stream.finalContent();
  },
  async tool() {
    const tool = { name: "read_word", description: "Reads a file.", parameters, parse: JSON.parse, function: read };
    const runner = client.chat.completions.runTools({
      model,
      stream: true,
      messages: [{ role: "user", content: prompt }],
      tools: [{ type: "function", function: tool }],
    });
    console.log(await runner.finalContent());
  },
};

const responses = {
  async hello() {
    console.log((await client.responses.create({ model, input: prompt })).output_text);
  },
  async stream() {
    const stream = await client.responses.create({ model, input: prompt, stream: true });
    for await (const event of stream) {
      if (event.type === "response.output_text.delta") process.stdout.write(event.delta);
      if (event.type === "response.failed") throw new Error(event.response.error.message);
    }
  },
  async tool() {
    const tools = [{ type: "function", name: "read_word", description: "Reads a file.", parameters, strict: false }];
    const input = [{ role: "user", content: prompt }];
    for (;;) {
      const answer = await client.responses.create({ model, input, tools, store: false });
      input.push(...answer.output);
      const calls = answer.output.filter((item) => item.type === "function_call");
      if (calls.length === 0) return console.log(answer.output_text);
      for (const call of calls) {
        const output = read(JSON.parse(call.arguments));
        input.push({ type: "function_call_output", call_id: call.call_id, output });
      }
    }
  },
};

const scenes = { chat, responses }[api];
await (scenes[scene] ?? scenes.stream)();
