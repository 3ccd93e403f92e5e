import { count } from '$lib/services/format';

export const connect = {
  text: 'Set up a program of yours with the address, a model and a key; then test it from here.',
  list: 'Programs',
  choose: 'Program',
  groups: { agents: 'Coding agents', editors: 'Editors', apps: 'Apps', code: 'Code' },
  clients: {
    'claude-code': {
      name: 'Claude Code',
      about: 'Anthropic’s coding agent for the terminal. It calls the Messages API.'
    },
    codex: {
      name: 'Codex',
      about: 'OpenAI’s coding agent for the terminal. It calls the Responses API.'
    },
    opencode: {
      name: 'opencode',
      about: 'An open coding agent for the terminal. It calls chat completions.'
    },
    cursor: {
      name: 'Cursor',
      about: 'A code editor. It calls chat completions, through its maker’s servers.'
    },
    continue: {
      name: 'Continue',
      about: 'An extension for VS Code and JetBrains. It calls chat completions.'
    },
    'open-webui': { name: 'Open WebUI', about: 'A chat page for a team. It calls chat completions.' },
    langchain: {
      name: 'LangChain',
      about: 'A Python library. It calls chat completions or the Messages API.'
    },
    curl: { name: 'curl', about: 'A request from the terminal, in each of the three APIs.' },
    'openai-python': { name: 'OpenAI for Python', about: 'OpenAI’s own library, version 1 or newer.' },
    'anthropic-python': { name: 'Anthropic for Python', about: 'Anthropic’s own library.' },
    'openai-node': { name: 'OpenAI for Node', about: 'OpenAI’s own library for JavaScript and TypeScript.' },
    'anthropic-node': {
      name: 'Anthropic for Node',
      about: 'Anthropic’s own library for JavaScript and TypeScript.'
    }
  },
  steps: {
    terminal: 'Terminal',
    whereManagerStarts: 'Where MLX Manager is started',
    claudeVariables:
      'For one session. Each of its sizes of model, the small one too, becomes the one that you chose.',
    claudeSettings: 'Or for good, in place of the variables.',
    claudeAliases:
      'Only if it still asks for a claude-… of its own: then the server answers with your model. The same setting is under Settings.',
    codexConfig: 'It must be the file in your home folder: one in a project may not name a provider.',
    opencodeConfig: 'In a project, or for all of them in ~/.config/opencode/.',
    cursorKey: 'Settings → Models → OpenAI API Key',
    cursorUrl: 'Override OpenAI Base URL',
    cursorOverride:
      'It holds for every OpenAI model in Cursor until you turn it off. Tab completion stays Cursor’s own.',
    cursorModel: 'Add a custom model',
    continueConfig: 'The file holds the key: keep it out of a repository.',
    webuiDocker:
      'It reads these at its first start only; afterwards they are changed on its settings page. It is then at http://localhost:3000.',
    webuiWithoutDocker: 'Terminal, without Docker',
    webuiUrl: 'Admin Panel → Settings → Connections → OpenAI API → URL',
    webuiSettings: 'Where it runs already. From a container this machine is host.docker.internal.',
    webuiKey: 'Key, in the same place',
    chatCompletions: 'Chat completions',
    messages: 'Messages',
    responses: 'Responses',
    langchainOpenai: 'Chat completions: hello.py',
    langchainAnthropic: 'Messages: hello.py'
  },
  model: 'Model',
  modelMissing: (id: string) => `${id} (not installed)`,
  modelLoading: 'Asking which models there are…',
  contextTooSmall: (client: string, needed: number, has: number) =>
    `${client} says up to ${count(needed)} tokens before you say a word, and this model takes ${count(has)}. Choose one with a larger window to work with it.`,
  noTools: (client: string) =>
    `This model’s template offers no tools, so ${client} can talk with it and do nothing else.`,
  address: 'Address',
  addresses: { manager: 'The manager', server: 'The inference server' },
  addressHint: {
    manager: 'One address for everything: the manager passes /v1 on to the inference server.',
    server: 'Straight to the inference server: it answers while the manager restarts, too.'
  },
  loopback: 'Only programs on this machine reach this address. For others, start with',
  loopbackAfter: '; from then on everybody needs a key.',
  dockerLoopback:
    'On Linux a container does not reach a manager that listens on 127.0.0.1: start it with MLX_MANAGER_HOST=0.0.0.0 there. Docker Desktop does.',
  outside:
    'Cursor calls from its own servers, so it needs an https address that the internet reaches: a reverse proxy or tunnel to this machine, its name in MLX_MANAGER_ALLOWED_HOSTS, and a key. With a local address its check fails.',
  key: 'Key',
  keyName: (name: string) => `${name}, made just now`,
  keyMade: (name: string) => `The key ${name} is made. Copy what it goes into.`,
  keyOnce: 'It is in the texts below and is shown this once: it goes when this page is reloaded.',
  keyOpen:
    'This server is open on this machine and takes any key: “local” will do. Once there is a user, a real one is needed.',
  keyClosed: 'This server wants a key. Make one here: it goes into the texts below at once.',
  keyLimited: 'Only for this model',
  makeKey: 'Make a key',
  makeAnotherKey: 'Make another key',
  allKeys: 'All keys',
  reveal: 'Show the key',
  hide: 'Hide the key',
  theKey: 'the key',
  haveKey: 'Use a key that you have',
  haveKeyHint: 'It stays in this page only.',
  notAKey: 'A key holds letters, digits, - and _ only.',
  otherModels: (models: string) => `This key is limited to ${models}.`,
  copyStep: (caption: string) => `what goes into ${caption}`,
  try: {
    title: 'Test it',
    text: (path: string) =>
      `Sends one short question to ${path}, with this key and model, as the program would.`,
    textServer: 'It goes by way of the manager: a page may ask no other address.',
    run: 'Test it',
    again: 'Test again',
    stop: 'Stop',
    question: 'Say hello in one sentence.',
    needsKey: 'Make a key first: this server asks for one.',
    waiting: 'Waiting for the first token. A model that is not in memory is loaded first…',
    writing: 'Answering…',
    works: (status: number) => `It works: ${status}`,
    failed: (status: number) => `It failed: ${status}`,
    unreached: 'It failed: no answer',
    cancelled: 'Stopped',
    firstToken: 'First token',
    prompt: 'Prompt',
    answer: 'Answer',
    speed: 'Speed',
    empty: 'The answer has no text.',
    broken: 'The stream ended before the answer did.',
    advice: {
      authentication_required: 'It was sent without a key. Make one above.',
      invalid_api_key: 'The key is unknown, has expired or was revoked. Make another one above.',
      permission_denied: 'The key may not do this.',
      model_not_allowed: 'The key is limited to other models. Choose one of them, or make another key.',
      model_not_found: 'No model has this name. Choose one of the list.',
      insufficient_memory:
        'The model does not fit into the memory that is free. Unload others or choose a smaller one.',
      memory_pressure: 'Memory ran short while it answered. Unload other models and test again.',
      model_load_failed: 'The model’s files may be incomplete: Models can verify them.',
      worker_died: 'The model’s process ended. Test again: that starts a new one.',
      server_unavailable: 'The inference server does not run. Start it under Server.',
      rate_limit_exceeded: 'The key has used up its limit.',
      queue_full: 'Too many requests are waiting. Test again in a moment.',
      chat_template_missing: 'This model cannot chat: choose another one.',
      context_length_exceeded: 'The question does not fit into the model’s window.'
    } as Record<string, string>
  }
};
