/** Editors and applications, which are set up in files and on settings pages of theirs. */
import { connect } from '$lib/strings/connect';
import { isLoopback } from '../address';
import { exports, quoted, shell } from './quoting';
import type { Setup, Step } from './types';

const words = connect.steps;

export function cursor(setup: Setup): Step[] {
  return [
    { caption: words.cursorKey, language: 'text', text: setup.key },
    { caption: words.cursorUrl, language: 'text', text: `${setup.address}/v1`, note: words.cursorOverride },
    { caption: words.cursorModel, language: 'text', text: setup.model }
  ];
}

export function continueDev(setup: Setup): Step[] {
  const lines = [
    'name: MLX Manager',
    'version: 0.0.1',
    'schema: v1',
    'models:',
    `  - name: ${quoted(setup.model)}`,
    '    provider: openai',
    `    model: ${quoted(setup.model)}`,
    `    apiBase: ${quoted(`${setup.address}/v1`)}`,
    `    apiKey: ${quoted(setup.key)}`,
    '    roles: [chat, edit, apply]'
  ];
  if (setup.hasTools) lines.push('    capabilities: [tool_use]');
  if (setup.contextLength !== null) {
    lines.push('    defaultCompletionOptions:', `      contextLength: ${setup.contextLength}`);
  }
  return [
    {
      caption: '~/.continue/config.yaml',
      language: 'yaml',
      text: lines.join('\n'),
      note: words.continueConfig
    }
  ];
}

/** The same server as a container on this machine finds it. */
export function fromContainer(address: string): string {
  const url = new URL(address);
  if (isLoopback(address)) url.hostname = 'host.docker.internal';
  return url.href.replace(/\/$/, '');
}

export function openWebui(setup: Setup): Step[] {
  const base = `${fromContainer(setup.address)}/v1`;
  const lines = [
    'docker run -d --name open-webui -p 3000:8080',
    '--add-host=host.docker.internal:host-gateway',
    `-e OPENAI_API_BASE_URL=${shell(base)}`,
    `-e OPENAI_API_KEY=${shell(setup.key)}`,
    '-e ENABLE_OLLAMA_API=false',
    '-v open-webui:/app/backend/data',
    'ghcr.io/open-webui/open-webui:main'
  ];
  const variables = {
    OPENAI_API_BASE_URL: `${setup.address}/v1`,
    OPENAI_API_KEY: setup.key,
    ENABLE_OLLAMA_API: 'false'
  };
  return [
    {
      caption: words.terminal,
      language: 'shell',
      text: lines.join(' \\\n  '),
      note: words.webuiDocker
    },
    {
      caption: words.webuiWithoutDocker,
      language: 'shell',
      text: `${exports(variables)}\nopen-webui serve`
    },
    { caption: words.webuiUrl, language: 'text', text: base, note: words.webuiSettings },
    { caption: words.webuiKey, language: 'text', text: setup.key }
  ];
}
