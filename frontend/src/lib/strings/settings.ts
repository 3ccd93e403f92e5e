export const settings = {
  text: 'What both programs go by, where it comes from, and what it could be.',
  textOwn: 'Your user, and how these pages look.',
  parts: 'Parts of the settings',
  tabs: { programs: 'Programs', hub: 'Hub token', account: 'My account', appearance: 'Appearance' },

  loading: 'Asking for the settings…',
  search: 'Search settings',
  searchHint: 'Name or words of a description',
  program: 'Program',
  programs: { server: 'Inference server', manager: 'Manager' },
  allPrograms: 'Both programs',
  topic: 'Topic',
  allTopics: 'All topics',
  topics: {
    models: 'Models',
    memory: 'Memory',
    prompts: 'Kept prompts',
    requests: 'Requests',
    downloads: 'Hub and downloads',
    address: 'Address',
    access: 'Access',
    process: 'Process',
    records: 'Logs and records',
    data: 'Data',
    other: 'Other'
  },
  changedOnly: 'Only what somebody has set',
  found: (count: number) => (count === 1 ? '1 setting' : `${count} settings`),
  emptyTitle: 'No setting fits',
  emptyText: 'Search for other words, or for less.',
  emptyAction: 'Show all',

  none: 'none',
  notShown: 'not shown',
  choices: { true: 'Yes', false: 'No', '': 'Decide by itself' },
  noChoice: 'None',
  linesHint: 'One on each line.',
  jsonHint: 'JSON.',
  emptyIsNone: 'Empty for none.',
  bounds: (min: string | null, max: string | null, isAbove: boolean) => {
    if (min !== null && max !== null)
      return isAbove ? `Above ${min}, up to ${max}.` : `From ${min} to ${max}.`;
    if (min !== null) return isAbove ? `Above ${min}.` : `${min} or more.`;
    return max === null ? '' : `Up to ${max}.`;
  },
  faults: {
    number: 'This is not a number.',
    integer: 'This must be a whole number.',
    below: 'This is too small.',
    notAbove: 'This is too small.',
    above: 'This is too large.',
    json: 'This is not JSON.',
    missing: 'This needs a value.'
  },
  counts: (value: string) => `Counts now: ${value}`,
  sources: {
    default: 'The default',
    database: 'Stored here',
    environment: 'From the environment',
    flag: 'From the command line',
    running: 'Changed in the running program'
  },
  sourceHints: {
    default: '',
    database: '',
    environment: 'The variable counts before what is stored here.',
    flag: 'The flag counts before what is stored here.',
    running: 'It is forgotten when the program ends, or when the setting is stored here.'
  },
  stored: (value: string) => `Stored here, and not counting: ${value}`,
  defaultIs: (value: string) => `default: ${value}`,
  unsaved: 'Not saved yet',
  willReset: 'Will be the default',
  nextStart: 'A change counts after the next start.',
  needsRestart: 'Counts after a restart',
  reset: 'Reset to the default',
  resetOf: (title: string) => `Reset ${title} to the default`,
  undoOf: (title: string) => `Undo the change of ${title}`,
  readOnly: 'Only the environment can set this, before the program starts:',
  assignment: (name: string, value: string) => `${name}=${value}`,

  changes: (count: number) => (count === 1 ? '1 change' : `${count} changes`),
  discard: 'Discard',
  saved: 'Saved',
  lookAbove: 'Something is wrong with one of them; its field says what.',
  showIt: 'Show it',

  restart: {
    server: (names: string) => `The inference server takes these at its next start: ${names}.`,
    manager: (names: string) =>
      `The manager takes these at its next start: ${names}. End it with Ctrl-C where it was started, and start it again; the inference server goes on meanwhile.`,
    action: 'Restart the server',
    title: 'Restart the inference server?',
    text: (running: number) =>
      running === 0
        ? 'No request is running. Models that are in memory are loaded again when they are needed.'
        : `${running === 1 ? '1 request is' : `${running} requests are`} running: they get a few seconds to end. Models are loaded again when they are needed.`,
    done: 'The server is being restarted'
  },

  hub: {
    text: 'With a token the manager downloads models that the hub gives to named users only. It is kept encrypted, and never shown.',
    loading: 'Asking the hub whose token it is…',
    notSet: 'There is no token: models for everybody can be downloaded.',
    set: (user: string | null) => (user ? `There is a token of ${user}.` : 'There is a token.'),
    sources: {
      environment: 'It comes from the environment (HF_TOKEN), which counts first.',
      database: 'It is kept here.'
    },
    fault: (why: string) => `Whose it is, is not known: ${why}`,
    token: 'Token',
    hint: 'The hub is asked whose it is before it is kept. A token that can read is enough.',
    keep: 'Keep the token',
    replace: 'Keep another token',
    forget: 'Forget the token',
    forgetTitle: 'Forget the hub token?',
    forgetText: 'Models that need it can no longer be downloaded. You can enter it again.',
    kept: 'The token is kept',
    forgotten: 'The token is forgotten'
  },

  account: {
    openTitle: 'You have no user here',
    openText:
      'This machine is open: nobody is asked who they are, so that there is no password and no session.',
    openAction: 'Make a first user',
    name: 'Name',
    role: 'Role',
    password: 'Change the password',
    passwordText: 'Your other sessions end. Your keys go on working.',
    current: 'Current password',
    submit: 'Change the password',
    changed: 'The password is changed; your other sessions have ended',
    sessions: 'Where you are signed in',
    sessionsLoading: 'Asking for your sessions…',
    current_: 'this one',
    on: (browser: string | null, system: string | null) =>
      browser ? (system ? `${browser} on ${system}` : browser) : (system ?? 'Unknown browser'),
    from: (address: string) => `from ${address}`,
    since: 'since',
    ends: 'ends',
    end: 'End',
    endOf: (where: string) => `End the session: ${where}`,
    ended: 'That session has ended'
  },

  appearance: {
    theme: 'Colours',
    themeText: 'For this browser.',
    themes: { system: 'As the system has it', light: 'Light', dark: 'Dark' },
    language: 'Language',
    languageText:
      'These pages are in English. Numbers, times and sizes are written as your browser’s language has them:'
  }
};
