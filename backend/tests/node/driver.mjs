// Calls the Node SDKs as it is told: a JSON command a line on stdin, JSON lines on stdout, until stdin ends.
//
// A command: {sdk: "openai" | "anthropic", baseURL, apiKey, method: "chat.completions.create",
// arguments: [...], abortAfter: how many items, or null}.
// Its answer: a line {item} for each event of a stream or entry of a list, as the SDK yields it, then one
// line {result} or {error: {name, message, status, code, param, type, requestID, body}}. The result of a
// stream is what the SDK itself has put together, null where it does not.

import { createInterface } from "node:readline";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const SDKS = { anthropic: Anthropic, openai: OpenAI };
const FINALS = ["finalChatCompletion", "finalResponse", "finalMessage"];

const write = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

function call({ sdk, baseURL, apiKey, method, arguments: given }) {
  const client = new SDKS[sdk]({ baseURL, apiKey, maxRetries: 0 });
  const path = method.split(".");
  const name = path.pop();
  const resource = path.reduce((parent, child) => parent[child], client);
  return resource[name](...given);
}

async function writeItems(items, abortAfter) {
  let count = 0;
  for await (const item of items) {
    write({ item });
    count += 1;
    if (count === abortAfter) items.controller.abort();
  }
}

async function run(command) {
  const answer = await call(command);
  if (answer?.[Symbol.asyncIterator] === undefined) return answer ?? null;
  await writeItems(answer, command.abortAfter);
  const final = FINALS.find((name) => name in answer);
  return final === undefined ? null : await answer[final]();
}

function describe(error) {
  const { message, status, code, param, type, requestID, error: body } = error;
  return { name: error.constructor.name, message, status, code, param, type, requestID, body };
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    write({ result: await run(JSON.parse(line)) });
  } catch (error) {
    write({ error: describe(error) });
  }
}
