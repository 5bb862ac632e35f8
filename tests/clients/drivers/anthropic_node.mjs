// Anthropic's SDK for Node; the tool scene uses its tool runner, which first tries threads.
import { readFileSync } from "node:fs";
import Anthropic from "@anthropic-ai/sdk";

const [, scene, prompt] = process.argv.slice(2);
const client = new Anthropic({ baseURL: process.env.GATEWAY_URL, apiKey: process.env.KIRO_GATEWAY_API_KEY });
const question = {
  model: process.env.GATEWAY_MODEL,
  max_tokens: 1024,
  messages: [{ role: "user", content: prompt }],
};

const scenes = {
  async hello() {
    console.log((await client.messages.create(question)).content[0].text);
  },
  async stream() {
    const stream = client.messages.stream(question);
    stream.on("text", (piece) => process.stdout.write(piece));
    await stream.finalMessage();
  },
  async tool() {
    const tool = {
      name: "read_word",
      description: "Reads a file.",
      input_schema: { type: "object", properties: { path: { type: "string" } }, required: ["path"] },
      parse: (input) => input,
      run: ({ path }) => readFileSync(path, "utf8"),
    };
    const last = await client.beta.messages.toolRunner({ ...question, tools: [tool] });
    console.log(JSON.stringify(last.content));
  },
};

await (scenes[scene] ?? scenes.stream)();
