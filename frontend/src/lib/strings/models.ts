const status: Record<string, string> = {
  loaded: 'Loaded',
  loading: 'Loading',
  draining: 'Unloading',
  unloaded: 'Not loaded',
  failed: 'Failed',
  incomplete: 'Incomplete',
  unknown: 'Server not running'
};

const sources = {
  demo: 'Ships with MLX Manager',
  folder: 'A folder of yours',
  huggingface: 'Hugging Face cache'
};

const fit = {
  verdicts: { fits: 'Fits', tight: 'Tight', does_not_fit: 'Does not fit' },
  details: (verdict: string) => `${verdict} in memory: why, and the numbers`,
  title: 'Memory',
  use: (requests: number, tokens: string) =>
    requests === 1 ? `1 request of ${tokens} tokens` : `${requests} requests of ${tokens} tokens each`,
  fitsBecause: 'All of it fits beside what is held now.',
  doesNotFitBecause: (least: string, budget: string) =>
    `Weights and one short request take ${least}; models may have ${budget} in all. It cannot be loaded here.`,
  givesWay: {
    kept_prompts: 'It loads, and keeps fewer prompts for later requests.',
    context: 'It loads; requests of this length do not all run at once, and one that is too long is refused.',
    other_models: 'It loads, and other models give up room or are unloaded.',
    other_programs: 'It loads when other programs give back memory that they hold now.'
  },
  parts: {
    others: 'Other models',
    weights: 'Weights',
    process: 'Process',
    kv: 'KV cache',
    prompts: 'Kept prompts'
  },
  needed: 'Needed',
  budget: 'Budget for models',
  free: (size: string) => `${size} stay free`,
  over: (size: string) => `${size} over the budget`,
  bar: (needed: string, budget: string) => `${needed} needed of ${budget}`,
  maxContext: (tokens: string) =>
    `Alone and with nothing kept, each request may have up to ${tokens} tokens.`,
  perToken: (size: string) => `${size} of KV cache for each token`,
  measured:
    'Weights are as the server measured them, once it has loaded the model; before that, estimated from the files.',
  chosen: (tokens: string, requests: string) => `Fit for ${tokens} tokens × ${requests}`,
  chosenDefault: 'Fit as the server is set',
  requests: (requests: number) => (requests === 1 ? '1 request' : `${requests} requests`),
  choose: 'What the fit is reckoned for',
  chooseText: 'Longer and more requests at once need more memory. Nothing of the server is changed.',
  tokens: 'Tokens of a request',
  tokensHint: 'Prompt and answer together',
  concurrency: 'Requests at once',
  apply: 'Reckon',
  reset: 'As the server is set',
  estimate: (size: string, budget: string) => `about ${size} of ${budget}`,
  estimateTooLarge: (size: string, budget: string) => `about ${size}, more than ${budget}`,
  unknown: 'Not known'
};

const advice: Record<string, string> = {
  insufficient_disk: 'Make room on the disk, then try again: what has come stays.',
  hub_access_denied: 'Accept the model’s terms on the hub, set a token that may read it, then try again.',
  hub_not_found: 'The hub no longer has this revision. Look the model up again.',
  hub_unavailable: 'Look at the network, then try again: what has come stays.',
  hub_rate_limited: 'Wait a while, then try again: what has come stays.',
  hash_mismatch: 'Nothing wrong was kept. Try again; if it stays so, the hub’s copy is damaged.',
  unsafe_model: 'Start the download anew and allow what it brings.'
};

const downloads = {
  title: 'Downloads',
  recent: 'Recent',
  running: 'Downloading',
  verifying: 'Verifying',
  queued: 'In the queue',
  queuedAt: (place: number) => (place === 1 ? 'Next in the queue' : `Number ${place} in the queue`),
  waiting: 'Waiting to try again',
  paused: 'Paused',
  failed: 'Failed',
  completed: 'Completed',
  cancelled: 'Cancelled',
  retriesNow: 'It is tried again when its turn comes.',
  retriesIn: (time: string) => `Tries again in ${time}.`,
  of: (done: string, total: string) => `${done} of ${total}`,
  left: (time: string) => `${time} left`,
  files: (done: number, all: number) => `${done} of ${all} files`,
  showFiles: 'Files',
  progress: (id: string) => `Download of ${id}`,
  actions: {
    pause: 'Pause',
    resume: 'Resume',
    cancel: 'Cancel',
    retry: 'Try again',
    first: 'Put first',
    dismiss: 'Dismiss'
  },
  actionOn: (action: string, id: string) => `${action}: ${id}`,
  cancelTitle: (id: string) => `Cancel the download of ${id}?`,
  cancelText: (size: string) => `${size} that have come are thrown away.`,
  cancelAction: 'Cancel the download',
  started: (id: string) => `${id} is in the queue`,
  older: (number: number) => (number === 1 ? '1 more' : `${number} more`),
  loadingFiles: 'Asking for the files…',
  fileState: { pending: 'Not begun', partial: 'On its way', done: 'Whole' },
  advice,
  adminsOnly: 'Administrators pause, resume and cancel downloads.'
};

const hub = {
  loading: 'Asking the hub…',
  empty: 'Nothing on the hub matches',
  emptyText: 'Try fewer words, or widen the filters.',
  widen: 'Drop the filters',
  count: (shown: number, hasMore: boolean) => (hasMore ? `The first ${shown}` : `${shown} found`),
  more: 'Show more',
  moreBusy: 'Asking for more…',
  sparse: 'The filters leave nothing of this page; there may be more.',
  mlxOnly: 'MLX only',
  mlxOnlyHint: 'Other models cannot be served here',
  task: 'Task',
  anyTask: 'Any task',
  tasks: {
    'text-generation': 'Text',
    'image-text-to-text': 'Images and text',
    'automatic-speech-recognition': 'Speech to text',
    'text-to-speech': 'Text to speech',
    'feature-extraction': 'Embeddings'
  } as Record<string, string>,
  family: 'Family',
  familyHint: 'Such as qwen3',
  quantization: 'Quantisation',
  anyQuantization: 'Any quantisation',
  size: 'Size',
  anySize: 'Any size',
  upTo: (size: string) => `Up to ${size}`,
  withinBudget: (size: string) => `Within memory (${size})`,
  sort: 'Sort',
  sorts: {
    downloads: 'Most downloads',
    likes: 'Most likes',
    updated: 'Last updated',
    created: 'Newest',
    name: 'Name'
  },
  downloads: (value: string) => `${value} downloads`,
  downloadsExact: (value: string) => `${value} downloads in the last 30 days`,
  likes: (value: string) => `${value} likes`,
  gated: 'Gated',
  gatedHint: 'Its terms must be accepted on the hub, and a token set',
  installed: 'Installed',
  notMlx: 'Not MLX',
  download: 'Download',
  downloadOf: (id: string) => `Download ${id}`,
  downloading: (share: string) => `Downloading ${share}`,
  adminsOnly: 'Administrators download, load and delete models.',
  unreachable: 'The hub cannot be reached or has failed. Models that are installed work without it.',
  rateLimited: 'The hub wants fewer requests. Wait a moment.',
  denied:
    'Accept its terms on the hub with your account there; then a token of that account must be set here.',
  deniedAskAdmin:
    'Accept its terms on the hub; then ask an administrator for a token that may read it, in Settings.',
  setToken: 'Set a token',
  sizeUnknown: 'size not told',
  updated: 'Updated',
  revision: 'Revision',
  revisionHint: 'A branch, a tag or a commit',
  look: 'Show it',
  onHub: 'On the hub',
  willDownload: (size: string, files: number) => `${size} in ${files} files`,
  taken: 'Taken',
  notTaken: 'Left out',
  noAccess: 'This model is gated, and the token that counts may not read it.',
  config: 'config.json',
  loadingModel: (id: string) => `Asking the hub for ${id}…`
};

const refusal = {
  note: 'A download is refused unless it is allowed:',
  title: (id: string) => `${id} is refused unless you allow it`,
  text: 'Only go on if you trust who made it.',
  pickle: 'Allow pickled weights',
  pickleRisk:
    'Reading them can run any program that is hidden in them, with your rights on this machine. Look for a copy in safetensors first.',
  code: 'Allow code of its own',
  codeRisk:
    'It brings Python files. A program that loads the model may run them, with your rights on this machine.',
  action: 'Download anyway'
};

const token = {
  title: 'Token for the hub',
  text: 'For gated models. It is kept sealed, sent to the hub alone, and never shown again.',
  field: 'Access token',
  hint: 'Make one in your account’s settings on the hub; reading is enough.',
  loading: 'Looking for a token…',
  none: 'No token is set.',
  isOf: (name: string) => `A token of ${name} is set.`,
  isSet: 'A token is set; whose it is is not known.',
  environment: 'It comes from the environment (HF_TOKEN), which counts before one that is set here.',
  save: 'Save the token',
  replace: 'Replace the token',
  forget: 'Forget the token',
  saved: 'The token is set',
  forgotten: 'The token is forgotten'
};

const removal = {
  title: (id: string) => `Delete ${id}?`,
  text: (size: string, path: string) =>
    `${size} in ${path} go for good. It can be downloaded again if the hub has it.`,
  unloadFirst: 'It is loaded, and will be unloaded first.',
  action: 'Delete the model',
  done: (id: string, size: string) => `${id} is deleted; ${size} are free`,
  keptTitle: (id: string) => `${id} cannot be deleted now`
};

const verification = {
  title: 'Files compared with what they should be',
  running: 'Verifying the files',
  progress: (done: string, total: string) => `${done} of ${total} read`,
  starting: 'Looking up what the files should be…',
  intact: 'Every file is as it should be.',
  damaged: (files: number) =>
    files === 1
      ? '1 file is damaged. Download the model again.'
      : `${files} files are damaged. Download the model again.`,
  unknown: 'Nobody says what these files should be.',
  cancelled: 'The verification was ended.',
  failed: 'The verification has failed.',
  authority: { hub: 'As the hub says.', download: 'As the download left it.', nobody: '' },
  whyNotHub: (reason: string) => `The hub was not asked: ${reason}`,
  missing: (files: number) => (files === 1 ? '1 file is not here.' : `${files} files are not here.`),
  stop: 'Stop verifying'
};

const actions = {
  menu: (id: string) => `Actions for ${id}`,
  load: 'Load',
  unload: 'Unload',
  pin: 'Keep in memory',
  unpin: 'Let it go when room is needed',
  verify: 'Verify the files',
  remove: 'Delete…',
  chat: 'Chat with it',
  connect: 'Use it from a program',
  details: 'Details',
  loaded: (id: string) => `${id} is loaded`,
  unloaded: (id: string) => `${id} is unloaded`,
  pinned: (id: string) => `${id} stays in memory`,
  unpinned: (id: string) => `${id} may be unloaded when room is needed`,
  failed: (id: string, why: string) => `${id}: ${why}`,
  loading: (share: string) => `Loading ${share}`
};

export const models = {
  text: 'What is installed, what there is, and whether it fits into memory.',
  tabs: { label: 'Where models are', installed: 'Installed', discover: 'Discover' },
  search: { installed: 'Search installed models', discover: 'Search the hub' },
  loading: 'Reading the installed models…',
  loadingModel: (id: string) => `Reading ${id}…`,
  empty: 'No model is installed',
  emptyText: 'Download one from the hub, or name a folder with models in the settings.',
  emptySearch: 'No installed model matches',
  searchHub: 'Search the hub for it',
  dropFilters: 'Drop the filters',
  discover: 'Discover models',
  list: 'Installed models',
  hubList: 'Models on the hub',
  anyCapability: 'Any capability',
  anyFamily: 'Any family',
  capability: 'Capability',
  family: 'Family',
  sort: 'Sort',
  sorts: {
    name: 'Name',
    size: 'Size',
    last_used: 'Last used',
    parameters: 'Parameters',
    context_length: 'Context'
  },
  capabilities: {
    chat: 'Chat',
    tools: 'Tools',
    reasoning: 'Reasoning',
    vision: 'Vision',
    audio: 'Audio',
    embeddings: 'Embeddings',
    infill: 'Infill'
  },
  capabilitiesLabel: 'What it can do',
  bits: (bits: number) => `${bits}-bit`,
  notPacked: 'Not quantised',
  contextOf: (tokens: string) => `${tokens} context`,
  neverUsed: 'Never used',
  used: 'Used',
  pinned: 'Kept in memory',
  count: (shown: number, all: number) => (shown === all ? `${all} installed` : `${shown} of ${all}`),
  back: 'All models',
  notInstalled: 'It is not installed',
  facts: {
    title: 'Facts',
    id: 'Name for requests',
    family: 'Family',
    parameters: 'Parameters',
    quantization: 'Quantisation',
    group: (size: number) => `groups of ${size}`,
    context: 'Context',
    size: 'On the disk',
    weights: 'Weights',
    licence: 'Licence',
    tools: 'Tool calls',
    reasoning: 'Reasoning',
    source: 'From',
    path: 'Folder',
    adapter: 'Adapter',
    commit: 'Commit',
    aliases: 'Other names',
    duplicates: 'Hidden folders of the same name',
    lastUsed: 'Last used',
    task: 'Task',
    tags: 'Tags',
    download: 'Download',
    downloads: 'Popularity',
    likes: 'Likes',
    repository: 'Repository',
    keptBy: 'Cannot be deleted',
    tokens: (value: string) => `${value} tokens`
  },
  files: {
    title: 'Files',
    path: 'File',
    size: 'Size',
    state: 'Download',
    total: (files: number, size: string) => `${files} files, ${size}`,
    gone: 'leads nowhere'
  },
  card: {
    title: 'Model card',
    none: 'It has no card.',
    cut: 'This is the beginning of it.',
    image: (name: string) => `Image: ${name || 'without a name'}`,
    loading: 'Preparing the card…'
  },
  status,
  sources,
  fit,
  downloads,
  hub,
  refusal,
  token,
  removal,
  verification,
  actions
};
