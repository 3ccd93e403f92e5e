/** Coding agents of the terminal. */
import { connect } from '$lib/strings/connect';
import { exports, json, shell, toml } from './quoting';
import type { Setup, Step } from './types';

const words = connect.steps;

/** Where the key is, for files that name a variable. Not one that our own commands read. */
const KEY_VARIABLE = 'MLX_KEY';

function claudeVariables(setup: Setup): Record<string, string> {
  const variables: Record<string, string> = {
    ANTHROPIC_BASE_URL: setup.address,
    ANTHROPIC_AUTH_TOKEN: setup.key,
    ANTHROPIC_MODEL: setup.model,
    ANTHROPIC_DEFAULT_HAIKU_MODEL: setup.model,
    ANTHROPIC_DEFAULT_SONNET_MODEL: setup.model,
    ANTHROPIC_DEFAULT_OPUS_MODEL: setup.model
  };
  if (setup.contextLength !== null) {
    variables.CLAUDE_CODE_MAX_CONTEXT_TOKENS = String(setup.contextLength);
  }
  return variables;
}

export function claudeCode(setup: Setup): Step[] {
  const variables = claudeVariables(setup);
  const aliases = JSON.stringify({ 'claude-*': setup.model });
  return [
    {
      caption: words.terminal,
      language: 'shell',
      text: `${exports(variables)}\nunset ANTHROPIC_API_KEY\nclaude`,
      note: words.claudeVariables
    },
    {
      caption: '~/.claude/settings.json',
      language: 'json',
      text: json({ env: variables }),
      note: words.claudeSettings
    },
    {
      caption: words.whereManagerStarts,
      language: 'shell',
      text: `MLX_SERVER_ALIASES=${shell(aliases)} make run`,
      note: words.claudeAliases
    }
  ];
}

export function codex(setup: Setup): Step[] {
  const lines = [
    `model = ${toml(setup.model)}`,
    'model_provider = "mlx-manager"',
    ...(setup.contextLength === null ? [] : [`model_context_window = ${setup.contextLength}`]),
    '',
    '[model_providers.mlx-manager]',
    'name = "MLX Manager"',
    `base_url = ${toml(`${setup.address}/v1`)}`,
    `env_key = "${KEY_VARIABLE}"`,
    'wire_api = "responses"'
  ];
  return [
    { caption: '~/.codex/config.toml', language: 'toml', text: lines.join('\n'), note: words.codexConfig },
    {
      caption: words.terminal,
      language: 'shell',
      text: `${exports({ [KEY_VARIABLE]: setup.key })}\ncodex`
    }
  ];
}

/** Tokens of an answer that the agent leaves room for. */
const MOST_OUTPUT = 8192;

export function opencode(setup: Setup): Step[] {
  const limit =
    setup.contextLength === null
      ? {}
      : {
          limit: {
            context: setup.contextLength,
            output: Math.min(MOST_OUTPUT, Math.max(1, Math.floor(setup.contextLength / 4)))
          }
        };
  const config = {
    $schema: 'https://opencode.ai/config.json',
    provider: {
      'mlx-manager': {
        npm: '@ai-sdk/openai-compatible',
        name: 'MLX Manager',
        options: { baseURL: `${setup.address}/v1`, apiKey: `{env:${KEY_VARIABLE}}` },
        models: { [setup.model]: { name: setup.model, tool_call: setup.hasTools, ...limit } }
      }
    },
    model: `mlx-manager/${setup.model}`
  };
  return [
    { caption: 'opencode.json', language: 'json', text: json(config), note: words.opencodeConfig },
    {
      caption: words.terminal,
      language: 'shell',
      text: `${exports({ [KEY_VARIABLE]: setup.key })}\nopencode`
    }
  ];
}
