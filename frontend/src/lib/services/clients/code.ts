/** The shell, and programs of one's own. */
import { connect } from '$lib/strings/connect';
import { quoted, script, shell } from './quoting';
import type { Setup, Step } from './types';

const words = connect.steps;
const QUESTION = 'Say hello in one sentence.';

function curlLines(url: string, headers: readonly string[], body: unknown): string {
  return [
    `curl -N ${shell(url)}`,
    ...headers.map((header) => `-H ${shell(header)}`),
    `-d ${shell(JSON.stringify(body, null, 2))}`
  ].join(' \\\n  ');
}

export function curl(setup: Setup): Step[] {
  const headers = ['Content-Type: application/json', `Authorization: Bearer ${setup.key}`];
  const asked = { model: setup.model, stream: true };
  const messages = [{ role: 'user', content: QUESTION }];
  return [
    {
      caption: words.chatCompletions,
      language: 'shell',
      text: curlLines(`${setup.address}/v1/chat/completions`, headers, { ...asked, messages })
    },
    {
      caption: words.messages,
      language: 'shell',
      text: curlLines(`${setup.address}/v1/messages`, headers, { ...asked, max_tokens: 256, messages })
    },
    {
      caption: words.responses,
      language: 'shell',
      text: curlLines(`${setup.address}/v1/responses`, headers, { ...asked, input: QUESTION })
    }
  ];
}

const install = (text: string): Step => ({ caption: words.terminal, language: 'shell', text });

export function openaiPython(setup: Setup): Step[] {
  const text = `from openai import OpenAI

client = OpenAI(
    base_url=${quoted(`${setup.address}/v1`)},
    api_key=${quoted(setup.key)},
)
stream = client.chat.completions.create(
    model=${quoted(setup.model)},
    messages=[{"role": "user", "content": ${quoted(QUESTION)}}],
    stream=True,
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
print()`;
  return [install('pip install openai'), { caption: 'hello.py', language: 'python', text }];
}

export function anthropicPython(setup: Setup): Step[] {
  const text = `from anthropic import Anthropic

client = Anthropic(
    base_url=${quoted(setup.address)},
    api_key=${quoted(setup.key)},
)
with client.messages.stream(
    model=${quoted(setup.model)},
    max_tokens=256,
    messages=[{"role": "user", "content": ${quoted(QUESTION)}}],
) as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)
print()`;
  return [install('pip install anthropic'), { caption: 'hello.py', language: 'python', text }];
}

export function langchain(setup: Setup): Step[] {
  const openai = `from langchain_openai import ChatOpenAI

model = ChatOpenAI(
    base_url=${quoted(`${setup.address}/v1`)},
    api_key=${quoted(setup.key)},
    model=${quoted(setup.model)},
)
print(model.invoke(${quoted(QUESTION)}).content)`;
  const anthropic = `from langchain_anthropic import ChatAnthropic

model = ChatAnthropic(
    base_url=${quoted(setup.address)},
    api_key=${quoted(setup.key)},
    model=${quoted(setup.model)},
    max_tokens=256,
)
print(model.invoke(${quoted(QUESTION)}).content)`;
  return [
    install('pip install langchain-openai langchain-anthropic'),
    { caption: words.langchainOpenai, language: 'python', text: openai },
    { caption: words.langchainAnthropic, language: 'python', text: anthropic }
  ];
}

export function openaiNode(setup: Setup): Step[] {
  const text = `import OpenAI from 'openai';

const client = new OpenAI({
  baseURL: ${script(`${setup.address}/v1`)},
  apiKey: ${script(setup.key)}
});
const stream = await client.chat.completions.create({
  model: ${script(setup.model)},
  messages: [{ role: 'user', content: ${script(QUESTION)} }],
  stream: true
});
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta.content ?? '');
}
console.log();`;
  return [install('npm install openai'), { caption: 'hello.mjs', language: 'javascript', text }];
}

export function anthropicNode(setup: Setup): Step[] {
  const text = `import Anthropic from '@anthropic-ai/sdk';

const client = new Anthropic({
  baseURL: ${script(setup.address)},
  apiKey: ${script(setup.key)}
});
const stream = client.messages.stream({
  model: ${script(setup.model)},
  max_tokens: 256,
  messages: [{ role: 'user', content: ${script(QUESTION)} }]
});
stream.on('text', (text) => process.stdout.write(text));
await stream.finalMessage();
console.log();`;
  return [install('npm install @anthropic-ai/sdk'), { caption: 'hello.mjs', language: 'javascript', text }];
}
