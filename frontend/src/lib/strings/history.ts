import { bytes, count } from '$lib/services/format';

/** Of what surrounds a conversation: the chats, the choice of a model, how answers are made. */
export const history = {
  chats: 'Chats',
  newChat: 'New chat',
  untitled: 'Untitled chat',
  search: 'Search chats',
  clearSearch: 'Clear the search',
  searching: 'Searching…',
  loading: 'Reading your chats…',
  results: (shown: number, hasMore: boolean) =>
    shown === 0 ? 'Nothing found' : `${count(shown)}${hasMore ? ' or more' : ''} found`,
  nothingFound: 'Titles and messages are searched, as they are written.',
  empty: 'No chats yet',
  emptyText: 'What you ask and what is answered is kept here.',
  folderEmpty: 'No chats in this folder.',
  more: 'Show more',
  days: { today: 'Today', yesterday: 'Yesterday', week: 'Last 7 days', older: 'Older' },
  pinned: 'Pinned',
  folders: 'Folders',
  ungrouped: 'In no folder',
  menuOf: (title: string) => `More for ${title}`,
  rename: 'Rename',
  renameOf: (title: string) => `New name for ${title}`,
  pin: 'Pin',
  unpin: 'Unpin',
  move: 'Move to a folder…',
  exportJson: 'Export as JSON',
  exportMarkdown: 'Export as Markdown',
  deleted: (title: string) => `“${title}” is deleted in 10 seconds`,
  notDeleted: (title: string, why: string) => `“${title}” was not deleted: ${why}`,
  import: 'Import a chat…',
  importing: 'Importing…',
  notJson: 'This file is no chat that was exported as JSON.',
  actions: 'More for chats',
  newFolder: 'New folder…',
  newFolderTitle: 'New folder',
  folderName: 'Name of the folder',
  createFolder: 'Create',
  moveTitle: (title: string) => `Move “${title}”`,
  moveText: 'Where it is to be. Dragging it onto a folder does the same.',
  noFolder: 'In no folder',
  moveHere: 'Move',
  moved: (title: string, folder: string | null) =>
    folder === null ? `“${title}” is in no folder now` : `“${title}” is in ${folder} now`,
  deleteFolder: 'Delete…',
  deleteFolderTitle: (name: string) => `Delete the folder ${name}`,
  whatOfChats: 'What becomes of its chats?',
  keepChats: 'Keep the chats, in no folder',
  deleteChats: (chats: string) => `Delete them too: ${chats}`,
  numChats: (shown: number, hasMore: boolean) =>
    `${count(shown)}${hasMore ? ' or more' : ''} ${shown === 1 && !hasMore ? 'chat' : 'chats'}`,
  noWayBack: 'The chats cannot be had back.',
  deleteFolderOnly: 'Delete the folder',
  deleteAll: 'Delete the folder and its chats',
  counting: 'Counting its chats…',

  model: {
    choose: 'Choose a model',
    label: (name: string, state: string) => `Model: ${name}, ${state}`,
    search: 'Search models',
    none: 'No model by that name',
    loading: 'Looking for models…',
    empty: 'No model that can chat',
    emptyText: 'Download one, and it is here.',
    find: 'Find more models',
    alias: (of: string) => `alias of ${of}`,
    unknown: 'not installed',
    chosen: 'chosen'
  },
  modelStates: {
    loaded: 'Loaded',
    loading: 'Loading',
    'will-load': 'Loads when asked',
    tight: 'Loads, tightly',
    'does-not-fit': 'Does not fit',
    failed: 'Failed',
    incomplete: 'Incomplete',
    unloading: 'Unloading'
  },
  fit: {
    fits: (needed: string) => `takes up to ${needed}`,
    tooLarge: (least: string, budget: string) => `needs ${least}, and there are ${budget}`,
    givesWay: {
      kept_prompts: 'fewer prompts are kept',
      context: 'long requests do not run together',
      other_models: 'other models give way',
      other_programs: 'other programs hold memory'
    }
  },
  facts: {
    bits: (bits: number) => `${bits}-bit`,
    context: (tokens: string) => `${tokens} context`
  },

  options: {
    title: 'How answers are made',
    text: (model: string) => `For the next answers of ${model} in this chat.`,
    saving: 'Saving…',
    saved: 'Saved',
    unsaved: 'What is marked is not saved.',
    notSaved: (why: string) => `The options were not saved: ${why}`,
    default: 'model’s default',
    reset: (label: string) => `Reset ${label} to the model’s default`,
    systemPrompt: 'System prompt',
    systemPromptHint: 'Read by the model before the conversation.',
    systemPromptExample: 'You answer briefly, and say so when you do not know.',
    sampling: 'Sampling',
    length: 'Length',
    penalties: 'Repetition',
    reasoning: 'Reasoning',
    tools: 'Tools',
    format: 'Form of the answer',
    fields: {
      temperature: ['Temperature', 'Higher is more varied; 0 takes the likeliest word each time.'],
      top_p: ['Top P', 'Only the likeliest words that together have this share.'],
      top_k: ['Top K', 'Only so many of the likeliest words; 0 is all of them.'],
      min_p: ['Min P', 'Leaves out words less likely than this share of the likeliest.'],
      seed: ['Seed', 'The same number draws the same answer again.'],
      max_tokens: ['Most tokens', 'An answer ends after so many, reasoning included.'],
      stop: [
        'Stop at',
        'An answer ends before any of these: one in a line, up to 4; \\n is the end of a line.'
      ],
      presence_penalty: ['Presence penalty', 'Above 0, words that were used already become less likely.'],
      frequency_penalty: [
        'Frequency penalty',
        'Above 0, the more often a word was used, the less likely it is.'
      ],
      repetition_penalty: [
        'Repetition penalty',
        'Above 1, words of the answer and of the prompt become less likely.'
      ],
      thinking_budget: ['Reasoning tokens', 'Reasoning is ended after so many.'],
      reasoning_effort: ['Reasoning effort', 'How long the model thinks first, if its template can be told.'],
      tools: ['Tools as JSON', 'What the model may call. You give the results in the chat.'],
      tool_choice: ['Which tool', 'Whether the model has to call one.'],
      response_format: ['Form', 'The answer is held to it while it is written.'],
      schema: ['JSON schema', 'The answer is JSON that this schema allows.']
    } satisfies Record<string, readonly [string, string]>,
    efforts: {
      none: 'None',
      minimal: 'Minimal',
      low: 'Low',
      medium: 'Medium',
      high: 'High',
      xhigh: 'Very high',
      max: 'Most'
    },
    toolChoices: {
      auto: 'As the model decides',
      none: 'No tool',
      required: 'One at least',
      function: (name: string) => `Only ${name}`
    },
    formats: { text: 'Text', json_object: 'Any JSON object', json_schema: 'JSON by a schema' },
    asItIs: 'As it was set elsewhere',
    insertTool: 'Insert an example',
    insertSchema: 'Insert an example',
    cannotTools: (model: string) => `${model} was not made for calling tools.`,
    cannotReason: (model: string) => `${model} does not reason; these change nothing.`
  },
  wrong: {
    number: 'Must be a number.',
    whole: 'Must be a whole number.',
    range: ({ least, most, isAbove }: { least: number; most: number; isAbove?: boolean }) =>
      most > 1e9
        ? `Must be at least ${least}.`
        : isAbove
          ? `Must be above ${least}, and at most ${most}.`
          : `Must be from ${least} to ${most}.`,
    stops: (most: number) => `At most ${most} lines.`,
    stop: (most: number) => `A line has at most ${most} characters.`,
    json: (why: string) => `This is no JSON${why ? `: ${why}` : ''}`,
    tool: (number: number) => `Tool ${number} must be an object with the type "function" or "custom".`,
    toolName: (number: number) =>
      `Tool ${number} needs a name of letters, digits, _ and -, with at most 64 characters.`,
    twice: (name: string) => `Two tools are called ${name}.`,
    noTools: 'There is no tool to call.',
    noSuchTool: (name: string) => `There is no tool ${name} any more.`,
    noSchema: 'Write a schema, or choose another form.',
    schema: 'A schema is a JSON object.',
    prompt: (size: number, most: number) => `${bytes(size)} are more than ${bytes(most)}.`
  }
};
