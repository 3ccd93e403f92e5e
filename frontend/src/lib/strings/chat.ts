/** What is said on the Chat page. */
export const chat = {
  untitled: 'New chat',
  loading: 'Fetching the chat…',
  gone: 'This chat is not there any more',
  goneText: 'It was deleted, or it belongs to somebody else. The others are in the history.',
  newChat: 'New chat',
  history: 'History',
  showHistory: 'Show the history',
  hideHistory: 'Hide the history',
  options: 'Chat options',
  conversation: 'Conversation',
  toEnd: 'To the end',
  you: 'You said',
  answerOf: (model: string) => `${model} answered`,
  sending: 'Sending…',
  composer: {
    label: 'Message',
    hint: (model: string) => (model ? `Ask ${model}` : 'Choose a model first'),
    send: 'Send',
    stop: 'Stop',
    attach: 'Attach text files',
    remove: (name: string) => `Remove ${name}`,
    drop: 'Drop text files here',
    noModel: 'Choose a model that answers first.',
    keys: 'Enter sends, Shift Enter begins a new line'
  },
  files: {
    view: (name: string) => `Show ${name}`,
    loading: 'Fetching the file…',
    label: 'Attached files',
    refused: {
      'too-large': (name: string) => `${name} is larger than 512 kB. Attach a part of it.`,
      'not-text': (name: string) => `${name} is not text. Only text files can be attached.`,
      'too-many': (name: string) => `${name} was not attached: 32 files is the most at once.`,
      unreadable: (name: string) => `${name} could not be read.`
    }
  },
  phase: {
    connecting: 'Asking…',
    lost: 'The connection is lost. Trying again; the answer is written on.',
    queued: 'Queued',
    loading: (model: string, share: string) => `Loading ${model} ${share}`.trim(),
    reading: (share: string) => `Reading the prompt ${share}`.trim(),
    thinking: 'Thinking',
    writing: 'Writing',
    done: 'The answer is complete',
    firstAfter: (time: string) => `first after ${time}`,
    cached: (cached: string, all: string) => `${cached} of ${all} prompt tokens were cached`
  },
  stats: {
    label: 'Statistics of this answer',
    first: (time: string) => `first token after ${time}`,
    cached: (share: string) => `${share} cached`,
    exact: (prompt: string, cached: string) => `Prompt: ${prompt} tokens, ${cached} of them cached`,
    exactAnswer: (tokens: string, reasoning: string) =>
      `Answer: ${tokens} tokens, ${reasoning} of them thought`,
    exactSpeed: (speed: string) => `${speed} tokens per second`,
    exactTimes: (queued: string, read: string, first: string, total: string) =>
      `Queued ${queued} s, read the prompt ${read} s, first token after ${first} s, all ${total} s`
  },
  reasoning: {
    now: 'Thinking…',
    lasted: (time: string) => `Thought for ${time}`,
    plain: 'Thoughts'
  },
  tools: {
    calls: (name: string) => `Calls ${name}`,
    called: (name: string) => `Called ${name}`,
    unnamed: 'a tool',
    arguments: 'Arguments',
    result: 'Result',
    waits: 'Waits for its result',
    giveResult: 'What it returned',
    giveResultOf: (name: string) => `What ${name} returned`,
    hint: 'Text or JSON. When every call has its result, the model goes on.',
    send: 'Send the result',
    argumentsOf: (name: string) => `the arguments of ${name}`,
    resultOf: (name: string) => `the result of ${name}`
  },
  ending: {
    stopped: 'Stopped. What was written stays.',
    interrupted: 'The manager ended before the answer did. What was written stays.',
    length: 'It ended at the most tokens that an answer may have.',
    empty: 'The answer is empty.',
    failedAdvice: 'What was written is kept. Regenerate the answer, or change the options and try again.',
    failedContinue: 'What was written is kept. Continue it, or regenerate the answer.'
  },
  actions: {
    label: 'What to do with this message',
    edit: 'Edit',
    copy: 'the message',
    copyCode: 'Copy',
    codeCopied: 'Copied',
    code: 'Code',
    regenerate: 'Regenerate',
    answer: 'Ask for an answer',
    goOn: 'Continue',
    branchOff: 'Branch into a new chat',
    previous: 'Previous branch',
    next: 'Next branch',
    branch: (place: number, all: number) => `${place} of ${all}`,
    branchedOff: 'A new chat with all that was said up to here',
    copied: 'The last answer was copied',
    nothingToCopy: 'There is no answer to copy yet'
  },
  edit: {
    label: 'Your message in other words',
    save: 'Save and ask again',
    hint: 'What followed the old words stays beside them.'
  },
  empty: {
    title: (model: string) => `${model} answers here`,
    noModel: 'Choose a model to talk to',
    noModelText: 'Models that are in the library can be chosen above.',
    demoText:
      'The demo is tiny: it knows this program, sums up to 99 and a few courtesies, and nothing else.',
    text: 'What is said stays on this machine.',
    examples: 'Try',
    demoQuestions: [
      'What is MLX Manager?',
      'What is 17 + 25?',
      'Think first: what is 48 - 19?',
      'Which port does the server use?'
    ],
    questions: [
      'Explain what a KV cache is in three sentences.',
      'Write a Python function that merges two sorted lists.',
      'What are good names for a small tool that renames photos?'
    ]
  },
  server: {
    stopped: 'The inference server is stopped: nothing can be answered.',
    failed: 'The inference server has failed: nothing can be answered.',
    start: 'Start the server',
    askAdmin: 'Ask an administrator to start it.',
    look: 'See what happened'
  },
  shortcuts: {
    title: 'Shortcuts of the chat',
    show: 'Show the shortcuts',
    newChat: 'New chat',
    focus: 'Go to the message field',
    send: 'Send the message',
    newLine: 'New line',
    stop: 'Stop the answer',
    copy: 'Copy the last answer',
    regenerate: 'Regenerate the last answer',
    previous: 'Previous branch',
    next: 'Next branch',
    search: 'Search the history'
  }
};
