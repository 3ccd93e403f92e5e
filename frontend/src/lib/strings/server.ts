import { count } from '../services/format';

const requests = (num: number) => `${count(num)} ${num === 1 ? 'request' : 'requests'}`;

export const server = {
  tabs: { label: 'Parts of the server page', overview: 'Overview', requests: 'Requests', logs: 'Logs' },
  waitingForServer: 'Asking the manager what the server is doing…',

  head: {
    states: {
      running: 'Running',
      starting: 'Starting',
      stopped: 'Stopped',
      stopping: 'Stopping',
      waiting: 'Waiting to start again',
      failed: 'Failed'
    },
    runningSince: 'Started',
    notAnswering: 'It runs, but has not answered for a while',
    loadingModels: 'It answers, and loads the models that are to be there from the start',
    draining: 'It takes no new requests and ends',
    startFault: (why: string) => `A model that was to be there from the start could not be loaded: ${why}`,
    starting: 'Its process runs and does not listen yet',
    stopping: 'What runs is given some time to end',
    stopped: 'It does not run. Models cannot be used until somebody starts it',
    startsAgain: (when: string) => `It ended by itself and is started again at ${when}`,
    startsAgainSoon: 'It ended by itself and is started again in a moment',
    failed: 'It ended by itself too often and is not started again until somebody does so',
    adopted: 'Adopted',
    adoptedHint: 'It ran before this manager did, and the manager watches over it as it is',
    restarts: (num: number) =>
      `Started again ${num === 1 ? 'once' : `${count(num)} times`} after it had ended by itself`,
    version: (version: string) => `Version ${version}`,
    address: "the server's address",
    pid: (pid: number) => `Process ${pid}`,
    lastEnding: 'How it ended last',
    exitCode: (code: number) => `Exit code ${code}`,
    signal: (number: number) => `Ended by signal ${number}`,
    unknownEnding: 'Exit code not known',
    lastLines: 'Its last lines'
  },

  actions: {
    start: 'Start',
    stop: 'Stop',
    restart: 'Restart',
    startNow: 'Start now',
    ofServer: (action: string) => `${action} the server`,
    stopTitle: 'Stop the server?',
    restartTitle: 'Restart the server?',
    whatEnds: (num: number) =>
      num === 0
        ? 'No request runs at the moment.'
        : `${requests(num)} ${num === 1 ? 'runs' : 'run'}. What has not ended after a few seconds ends with an error.`,
    stopText:
      'All models leave memory, and it stays stopped until somebody starts it. Nothing stored is lost.',
    restartText:
      'All models leave memory; those that are to be there from the start are loaded again. Nothing stored is lost.'
  },

  memory: {
    title: 'Memory',
    hints: {
      weights: 'Parameters of the models, and what their processes have beside them',
      kv: 'Caches of the sequences that run now',
      prefixes: 'Computed prompts that are kept, so that they need not be read again',
      reserved:
        'Promised to models for caches and not used yet; given back when another model needs the room',
      free: 'Can still be promised to models'
    },
    of: (held: string, promised: string, budget: string) => `${held} used, ${promised} promised of ${budget}`,
    real: (footprint: string, budget: string) => `Really in use: ${footprint} of ${budget}`,
    available: (available: string) => `${available} available on the machine`,
    pressure: {
      none: 'Memory is not short',
      soft: 'Memory is short: no more models are loaded, and idle ones go',
      hard: 'Memory is very short: the youngest requests are ended'
    },
    unknown: 'What is in memory is shown here while the server runs.',
    waiting: 'Waiting to hear from the server…'
  },

  models: {
    resident: 'In memory',
    none: 'No model is in memory',
    noneText: 'The first request for a model loads it. It goes again when nobody has used it for a while.',
    states: {
      loading: 'Loading',
      loaded: 'Loaded',
      draining: 'Ending its requests',
      failed: 'Failed',
      unloaded: 'Not loaded'
    },
    pinned: 'Pinned',
    loadProgress: (percent: string) => `${percent} loaded`,
    waitingFor: (num: number) => `${requests(num)} ${num === 1 ? 'waits' : 'wait'} for it`,
    using: requests,
    running: (num: number) => `${count(num)} running`,
    queued: (num: number) => `${count(num)} queued`,
    idle: 'Idle',
    unloadsIn: (time: string) => `unloads in ${time}`,
    stays: 'stays in memory',
    loadTook: (time: string) => `Its load took ${time}`,
    pid: (pid: number) => `Process ${pid}`,
    holds: (footprint: string, promised: string) => `${footprint} really held, ${promised} promised`,
    promised: (promised: string) => `${promised} promised`,
    rate: (now: string, peak: string) =>
      `Tokens per second in the last 2 minutes: ${now} now, ${peak} at most`,
    reading: (rate: string) => `reading ${rate}`,
    load: 'Load',
    loadModel: (id: string) => `Load ${id}`,
    unload: 'Unload',
    unloadModel: (id: string) => `Unload ${id}`,
    pin: (id: string) => `Pin ${id}: it stays in memory whoever needs its room`,
    unpin: (id: string) => `Unpin ${id}: it goes when its room is needed`,
    loaded: (id: string) => `${id} is loaded`,
    unloaded: (id: string) => `${id} is unloaded`,
    unloadTitle: (id: string) => `Unload ${id}?`,
    unloadText: (num: number, size: string) =>
      `${requests(num)} ${num === 1 ? 'uses it or waits' : 'use it or wait'} for it. Unloading gives ${size} back.`,
    waitForThem: 'Wait for them',
    waitForThemHint: 'It takes no new requests and goes when those that run have ended.',
    endThem: 'End them now',
    endThemHint: 'Their callers get an error. What has been written so far is not taken back.',
    available: 'Could be loaded',
    availableNone: 'Every model that is installed is in memory.',
    availableWaiting: 'Asking for the installed models…',
    getModels: 'Get models',
    noModels: 'No model is installed',
    noModelsText: 'Download one on the Models page; it appears here by itself.',
    takes: (size: string) => `${size} without caches`,
    fit: {
      now: 'Fits now',
      'after-idle': 'Fits once idle models go, which they do by themselves',
      'after-busy': 'Fits only when what is used or pinned has gone',
      never: 'Larger than the memory for models'
    },
    onlyAdmins: 'Administrators load and unload models. A request for a model loads it, too.'
  },

  requests: {
    title: 'Requests',
    onlyAdmins: 'Requests are for administrators',
    onlyAdminsText: 'They show who asks what of which model. Your own use is on the Keys page.',
    stopped: 'Requests are shown while the server runs',
    stoppedText: 'Those of before are in the audit; see the Keys page for use by day.',
    none: 'No request yet',
    noneText: 'Ask a model something, and it appears here while it runs. The last 100 are kept.',
    terminal: 'Terminal',
    curl: 'the line',
    noMatch: 'No request matches',
    noMatchText: 'None of the last requests is as the filter wants it.',
    clear: 'Clear the filter',
    filterModel: 'Model',
    filterPhase: 'Phase',
    filterText: 'Find requests',
    filterTextHint: 'Id, user, key, detail…',
    allModels: 'All models',
    allPhases: 'All phases',
    allRunning: 'Running',
    counts: (running: number, all: number) => `${count(running)} running, ${count(all)} in all`,
    phases: {
      waiting: 'Waiting',
      queued: 'Queued',
      reading: 'Reading',
      writing: 'Writing',
      finished: 'Finished',
      failed: 'Failed',
      cancelled: 'Cancelled'
    },
    phaseHints: {
      waiting: 'for its model to come into memory',
      queued: 'until its model begins with it',
      reading: 'the prompt is being read',
      writing: 'the answer is being written',
      finished: 'it has its answer',
      failed: 'it ended with an error',
      cancelled: 'it was ended before its answer was whole'
    },
    reading: (percent: string) => `Reading ${percent}`,
    columns: {
      phase: 'Phase',
      model: 'Model',
      who: 'Who',
      kind: 'Kind',
      prompt: 'Prompt',
      cached: 'Cached',
      output: 'Output',
      rate: 'tok/s',
      first: 'First token',
      total: 'Total',
      arrived: 'Arrived'
    },
    dialects: {
      openai_chat: 'Chat',
      openai_completions: 'Completions',
      openai_responses: 'Responses',
      anthropic_messages: 'Messages'
    } as Record<string, string>,
    dialectNames: {
      openai_chat: 'OpenAI chat completions',
      openai_completions: 'OpenAI completions',
      openai_responses: 'OpenAI responses',
      anthropic_messages: 'Anthropic messages'
    } as Record<string, string>,
    stream: 'stream',
    whole: 'whole',
    unknown: '–',
    open: (model: string) => `Details of the request to ${model}`
  },

  detail: {
    title: (model: string) => `Request to ${model}`,
    titleUnknown: 'Request',
    asking: 'Asking the server for the request…',
    timeline: 'Where the time went',
    stages: { waited: 'Waiting', queued: 'Queued', reading: 'Reading', writing: 'Writing' },
    stageText: (stage: string, time: string) => `${stage}: ${time}`,
    goesOn: (time: string) => `${time} so far`,
    numbers: 'Numbers',
    names: {
      prompt: 'Prompt',
      cached: 'From kept prompts',
      read: 'Read so far',
      readRate: 'Read at',
      output: 'Answer',
      rate: 'Written at',
      first: 'To the first token',
      total: 'In all',
      status: 'Status',
      detail: 'Ended with',
      asked: 'Asked for',
      answered: 'Answered by',
      user: 'User',
      key: 'Key',
      dialect: 'Dialect',
      kind: 'Answer comes',
      arrived: 'Arrived'
    },
    streamed: 'as it is written',
    whole: 'in one piece',
    noKey: 'none was sent',
    requestId: 'Request id',
    rowId: 'Audit row',
    idOf: 'the request id',
    rowIdOf: 'the audit row',
    cache: 'Kept prompts',
    cacheAsking: 'Looking where the prompt left what was kept…',
    cacheHit: (cached: string, percent: string) => `${cached} (${percent}) did not have to be read again`,
    cacheMiss: 'Nothing of the prompt was kept',
    matched: (tokens: string) =>
      `${tokens} agree with a kept prompt; the model's state could not be taken up at that very place`,
    diverged: (position: string) => `The first difference is at token ${position}`,
    inMessage: (number: number, role: string | null) =>
      role === null ? `In message ${count(number)}` : `In message ${count(number)}, of the ${role}`,
    here: 'This prompt from there on',
    stored: 'What was kept there',
    bar: (cached: string, prompt: string) => `${cached} of ${prompt} from kept prompts`,
    logs: 'Its log lines',
    cancel: 'End this request',
    cancelTitle: 'End this request?',
    cancelText: (model: string, written: string) =>
      `The request to ${model} has ${written} of its answer. Its caller gets an error; what was written is not taken back.`,
    cancelled: 'The request has been ended'
  },

  logs: {
    title: 'Log',
    onlyAdmins: 'Logs are for administrators',
    onlyAdminsText: 'They can name users and models of everybody.',
    program: 'Program',
    programs: { server: 'Server', manager: 'Manager' },
    level: 'Level',
    levels: {
      DEBUG: 'From debug',
      INFO: 'From info',
      WARNING: 'From warning',
      ERROR: 'Errors only'
    },
    levelNames: {
      DEBUG: 'Debug',
      INFO: 'Info',
      WARNING: 'Warning',
      ERROR: 'Error',
      CRITICAL: 'Critical'
    } as Record<string, string>,
    find: 'Find in the log',
    findHint: 'Words, logger or request id…',
    follow: 'Follow',
    copy: 'what is shown',
    download: 'Download what is shown',
    lines: (shown: number, all: number) =>
      shown === all ? `${count(all)} entries` : `${count(shown)} of ${count(all)} entries`,
    earlier: (num: number) => `Show ${count(num)} earlier`,
    toEnd: 'To the end',
    opening: 'Opening the log…',
    lost: 'The log is not heard at the moment; it comes back by itself.',
    none: 'Nothing has been logged at this level yet',
    noneText: 'What the program says appears here as it says it.',
    noMatch: 'No entry has these words',
    noMatchText: 'Only the last 2,000 entries are searched.',
    clear: 'Clear the words',
    filterBy: (id: string) => `Show only request ${id}`,
    exception: 'Exception',
    pid: (pid: number) => `Process ${pid}`
  }
};
