export const users = {
  text: 'Who may come in, and what they may do.',
  loading: 'Asking for the users…',
  loadingInvitations: 'Asking for the invitations…',
  openTitle: 'There are no users',
  openText:
    'Whoever is on this machine may do everything, and no other machine may come in. With a first user everybody signs in or needs a key.',
  openAction: 'Make the first user',
  create: 'New user',
  invite: 'Invite',
  list: 'Users',
  columns: { name: 'Name', status: 'Status', role: 'Role', lastSignIn: 'Last sign in', actions: 'Actions' },
  you: 'you',
  never: 'never',
  since: 'since',
  roles: { admin: 'Administrator', user: 'User' },
  roleHints: {
    admin: 'May change settings, models and users, and sees everybody’s requests.',
    user: 'May chat, use models, and make keys for inference.'
  },
  role: 'Role',
  status: { active: 'Active', pending: 'Waits for approval', disabled: 'Disabled' },
  waiting: (count: number) => (count === 1 ? '1 waits for approval' : `${count} wait for approval`),
  registered: 'registered',
  approve: 'Approve',
  refuse: 'Refuse',
  actionsOf: (name: string) => `Actions for ${name}`,
  makeAdmin: 'Make administrator',
  makeUser: 'Make an ordinary user',
  resetPassword: 'Reset the password…',
  disable: 'Disable…',
  enable: 'Enable',
  approved: (name: string) => `${name} may sign in now`,
  enabled: (name: string) => `${name} may sign in again`,
  isNow: (name: string, role: string) => `${name} is now: ${role}`,
  confirmDisable: {
    title: (name: string) => `Disable ${name}?`,
    text: 'Their sessions end and their keys stop working at once. Chats and keys are kept; you can enable them again.',
    action: 'Disable'
  },
  confirmRefuse: {
    title: (name: string) => `Refuse ${name}?`,
    text: 'They are kept as a disabled user and cannot sign in. You can enable them later.',
    action: 'Refuse'
  },
  confirmReset: {
    title: (name: string) => `Reset the password of ${name}?`,
    text: 'The old password stops working and their sessions end at once. You get a token with which they set a new one.',
    action: 'Reset the password'
  },
  confirmDemote: {
    title: (name: string) => `Make ${name} an ordinary user?`,
    text: 'They can no longer change settings, models or users.',
    action: 'Make an ordinary user'
  },
  newUser: {
    title: 'New user',
    text: 'They may come in at once.',
    how: 'Password',
    byToken: 'They choose it themselves, with a token that you give them',
    byAdmin: 'I choose it now',
    submit: 'Make the user',
    made: (name: string) => `${name} may sign in now`
  },
  token: {
    title: (name: string) => `Token for ${name}`,
    text: 'It is shown this once. Whoever has it sets the password, so give it to nobody else.',
    link: 'Link',
    token: 'Or the token alone',
    where: (address: string) => `To be entered at ${address}`,
    expires: 'It works once, until',
    done: 'Done'
  },
  inviting: {
    title: 'Invite somebody',
    text: 'Who opens the link chooses a name and a password, and is in without approval.',
    hours: 'It holds for',
    hoursOptions: { '1': '1 hour', '24': '1 day', '72': '3 days', '168': '7 days', '720': '30 days' },
    submit: 'Make the link',
    madeTitle: 'The invitation',
    madeText: 'It is shown this once, works once, and lets in whoever has it.',
    link: 'Link',
    localOnly:
      'This address leads to this machine only. For somebody at another one, open this page under the address that they use.'
  },
  invitations: 'Open invitations',
  invitationColumns: { role: 'For', created: 'Made', expires: 'Ends', actions: 'Actions' },
  invitationsEmpty: 'None. An invitation is listed until somebody has accepted it or it has expired.',
  withdraw: 'Withdraw',
  withdrawOf: (role: string) => `Withdraw the invitation for: ${role}`,
  withdrawn: 'The invitation is withdrawn: its link no longer works'
};
