import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { CLIENTS, clientOf, freeName, isKeyLike, masked, NO_KEY, type ClientId, type Setup } from './clients';
import { fromContainer } from './clients/apps';
import { CLIENT_IDS } from './clients/types';

const KEY = 'sk-mlx-NfUm-hqwHPtNTBSY_wwt8rYDUFRDz8tNeqN4NY1XgLs';
const SETUP: Setup = {
  address: 'http://127.0.0.1:8080',
  model: 'demo',
  key: KEY,
  contextLength: 32_768,
  hasTools: true
};
const ODD_MODELS = ["it's $HOME and `id`", 'org/na"me b\\c ü'];

/** The texts of a client's steps. */
function textsOf(id: ClientId, change: Partial<Setup> = {}): string[] {
  return clientOf(id)
    .steps({ ...SETUP, ...change })
    .map((step) => step.text);
}

/** What a program started from these lines finds in its environment, or is called with. */
function ranBy(lines: string, program: string): string {
  const stub = `${program}() { for each; do printf '%s\\0' "$each"; done; env -0; }\n`;
  return execFileSync('sh', ['-c', stub + lines], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit']
  });
}

describe('every client', () => {
  it.each(CLIENT_IDS)('%s names the address, the model and the key', (id) => {
    const all = textsOf(id).join('\n');
    expect(all).toContain(KEY);
    expect(all).toContain(id === 'open-webui' ? 'host.docker.internal:8080' : SETUP.address);
    if (id !== 'open-webui') expect(all).toContain('demo');
  });

  it.each(CLIENT_IDS)('%s has a step of its own for each caption', (id) => {
    const captions = clientOf(id)
      .steps(SETUP)
      .map((step) => step.caption);
    expect(new Set(captions).size).toBe(captions.length);
  });

  it.each(CLIENT_IDS)('%s shows no key while it is masked, and copies it whole', (id) => {
    for (const text of textsOf(id)) expect(masked(text, KEY)).not.toContain(KEY.slice(8));
  });

  it('is found by its id, and the first by another one', () => {
    expect(CLIENTS.map((client) => clientOf(client.id))).toEqual(CLIENTS);
    expect(clientOf('nobody').id).toBe('claude-code');
    expect(clientOf(null).id).toBe('claude-code');
  });
});

describe('Claude Code', () => {
  it.each(ODD_MODELS)('is started with the model %j, the small one too', (model) => {
    const environment = ranBy(textsOf('claude-code', { model })[0] ?? '', 'claude').split('\0');
    expect(environment).toContain('ANTHROPIC_BASE_URL=http://127.0.0.1:8080');
    expect(environment).toContain(`ANTHROPIC_AUTH_TOKEN=${KEY}`);
    expect(environment).toContain(`ANTHROPIC_MODEL=${model}`);
    expect(environment).toContain(`ANTHROPIC_DEFAULT_HAIKU_MODEL=${model}`);
    expect(environment).toContain('CLAUDE_CODE_MAX_CONTEXT_TOKENS=32768');
  });

  it.each(ODD_MODELS)('has the same in its settings for %j', (model) => {
    const settings: unknown = JSON.parse(textsOf('claude-code', { model })[1] ?? '');
    expect(settings).toMatchObject({ env: { ANTHROPIC_MODEL: model, ANTHROPIC_AUTH_TOKEN: KEY } });
  });

  it.each(ODD_MODELS)('has an alias for %j', (model) => {
    const started = ranBy(`${textsOf('claude-code', { model })[2]}`, 'make').split('\0');
    const alias = started.find((each) => each.startsWith('MLX_SERVER_ALIASES='));
    expect(JSON.parse(alias?.slice('MLX_SERVER_ALIASES='.length) ?? '')).toEqual({ 'claude-*': model });
  });

  it('says nothing of a window that is not known', () => {
    expect(textsOf('claude-code', { contextLength: null }).join()).not.toContain('MAX_CONTEXT');
  });
});

describe('Codex', () => {
  it('calls the responses API with the key of a variable', () => {
    const [config, terminal] = textsOf('codex');
    expect(config?.split('\n')).toEqual([
      'model = "demo"',
      'model_provider = "mlx-manager"',
      'model_context_window = 32768',
      '',
      '[model_providers.mlx-manager]',
      'name = "MLX Manager"',
      'base_url = "http://127.0.0.1:8080/v1"',
      'env_key = "MLX_KEY"',
      'wire_api = "responses"'
    ]);
    expect(ranBy(terminal ?? '', 'codex').split('\0')).toContain(`MLX_KEY=${KEY}`);
  });

  it.each(ODD_MODELS)('quotes %j', (model) => {
    const line = textsOf('codex', { model })[0]?.split('\n')[0] ?? '';
    expect(JSON.parse(line.replace('model = ', ''))).toBe(model);
  });
});

describe('opencode', () => {
  it.each(['demo', ...ODD_MODELS])('has a provider with %j', (model) => {
    const config: unknown = JSON.parse(textsOf('opencode', { model })[0] ?? '');
    expect(config).toMatchObject({
      provider: {
        'mlx-manager': {
          npm: '@ai-sdk/openai-compatible',
          options: { baseURL: 'http://127.0.0.1:8080/v1', apiKey: '{env:MLX_KEY}' },
          models: { [model]: { tool_call: true, limit: { context: 32_768, output: 8192 } } }
        }
      },
      model: `mlx-manager/${model}`
    });
  });

  it('limits nothing where the window is not known', () => {
    expect(textsOf('opencode', { contextLength: null })[0]).not.toContain('limit');
  });
});

describe('editors and apps', () => {
  it('gives Cursor one field at a time', () => {
    expect(textsOf('cursor')).toEqual([KEY, 'http://127.0.0.1:8080/v1', 'demo']);
  });

  it.each(['demo', ...ODD_MODELS])('gives Continue a quoted %j', (model) => {
    const lines = textsOf('continue', { model })[0]?.split('\n') ?? [];
    const value = (key: string) =>
      JSON.parse(lines.find((line) => line.includes(`${key}: "`))?.split(`${key}: `)[1] ?? 'null') as unknown;
    expect(value('    model')).toBe(model);
    expect(value('apiBase')).toBe('http://127.0.0.1:8080/v1');
    expect(lines).toContain('      contextLength: 32768');
    expect(lines).toContain('    capabilities: [tool_use]');
  });

  it('has a container ask this machine by its own name', () => {
    const called = ranBy(textsOf('open-webui')[0] ?? '', 'docker').split('\0');
    expect(called).toContain('OPENAI_API_BASE_URL=http://host.docker.internal:8080/v1');
    expect(called).toContain(`OPENAI_API_KEY=${KEY}`);
    expect(fromContainer('https://models.example.org/mlx')).toBe('https://models.example.org/mlx');
    expect(fromContainer('http://[::1]:8080')).toBe('http://host.docker.internal:8080');
  });
});

describe('code', () => {
  it.each(ODD_MODELS)('posts %j in each dialect', (model) => {
    for (const text of textsOf('curl', { model })) {
      const called = ranBy(text, 'curl').split('\0');
      expect(called).toContain(`Authorization: Bearer ${KEY}`);
      const body: unknown = JSON.parse(called[called.indexOf('-d') + 1] ?? '');
      expect(body).toMatchObject({ model });
    }
  });

  it('is Python that names the model, whatever it is called', { timeout: 20_000 }, () => {
    const texts = ODD_MODELS.flatMap((model) =>
      (['openai-python', 'anthropic-python', 'langchain'] as const).flatMap((id) =>
        textsOf(id, { model }).slice(1)
      )
    );
    const read = `import ast, json, sys
for text in json.load(sys.stdin):
    named = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.keyword) and n.arg == "model"]
    print(json.dumps(named[0].value.value))`;
    const said = execFileSync('python3', ['-c', read], { input: JSON.stringify(texts), encoding: 'utf8' });
    const models = said.trim().split('\n');
    expect(models.map((each) => JSON.parse(each) as unknown)).toEqual(
      ODD_MODELS.flatMap((model) => Array(4).fill(model))
    );
  });

  it.each(ODD_MODELS)('is JavaScript with %j', (model) => {
    for (const id of ['openai-node', 'anthropic-node'] as const) {
      const text = textsOf(id, { model })[1] ?? '';
      const written = /^ {2}model: (.*),$/m.exec(text)?.[1] ?? '';
      expect(new Function(`return ${written}`)()).toBe(model);
      // It is read, not run.
      expect(() => new Function(`async () => {${text.replace(/^import .*$/m, '')}}`)).not.toThrow();
    }
  });
});

describe('keys', () => {
  it('are masked but for their beginning', () => {
    expect(masked(`x ${KEY} ${KEY}`, KEY)).toBe('x sk-mlx-•••••••••••• sk-mlx-••••••••••••');
    expect(masked('some-longer-key', 'some-longer-key')).toBe('••••••••••••');
  });

  it('are not masked where nothing is to hide', () => {
    expect(masked('key local', 'local')).toBe('key local');
    expect(masked(`key ${NO_KEY}`, NO_KEY)).toBe(`key ${NO_KEY}`);
  });

  it('hold what a header takes', () => {
    expect(isKeyLike(KEY)).toBe(true);
    expect(isKeyLike("it's")).toBe(false);
    expect(isKeyLike('schlüssel')).toBe(false);
  });

  it('get a name that is free', () => {
    expect(freeName('Codex', [])).toBe('Codex');
    expect(freeName('Codex', ['Codex', 'Codex 2'])).toBe('Codex 3');
  });
});
