// Vercel's AI SDK with each of its three providers.
import { readFileSync } from "node:fs";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, isStepCount, streamText, tool } from "ai";
import { z } from "zod";

const [provider, scene, prompt] = process.argv.slice(2);
const settings = { name: "kiro", baseURL: `${process.env.GATEWAY_URL}/v1`, apiKey: process.env.KIRO_GATEWAY_API_KEY };
const create = { anthropic: createAnthropic, openai: createOpenAI, compatible: createOpenAICompatible }[provider];
const model = create(settings)(process.env.GATEWAY_MODEL);

const scenes = {
  async hello() {
    console.log((await generateText({ model, prompt })).text);
  },
  async stream() {
    const answer = streamText({ model, prompt, onError: () => {} });
    for await (const part of answer.fullStream) {
      if (part.type === "text-delta") process.stdout.write(part.text);
      if (part.type === "error") throw part.error;
    }
  },
  async tool() {
    const read_word = tool({
      description: "Reads a file.",
      inputSchema: z.object({ path: z.string() }),
      execute: async ({ path }) => readFileSync(path, "utf8"),
    });
    const answer = streamText({ model, prompt, tools: { read_word }, stopWhen: isStepCount(3) });
    console.log(await answer.text);
  },
};

await (scenes[scene] ?? scenes.stream)();
