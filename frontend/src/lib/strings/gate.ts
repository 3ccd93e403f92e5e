import { MIN_CHARS } from '$lib/services/password';

export const gate = {
  name: 'Name',
  nameHint: 'Letters, digits, spaces and . _ @ + - ; upper and lower case are the same.',
  password: 'Password',
  newPassword: 'New password',
  passwordAgain: 'The same again',
  passwordRule: `At least ${MIN_CHARS} characters. A few unrelated words are easy to keep and hard to guess.`,
  passwordFaults: {
    short: `A password has at least ${MIN_CHARS} characters.`,
    differs: 'These two are not the same.'
  },
  strength: {
    short: 'Too short',
    weak: 'Easy to guess',
    fair: 'Fair',
    strong: 'Hard to guess'
  },
  show: 'Show the password',
  hide: 'Hide the password',
  backToSignIn: 'Back to sign in',

  welcome: {
    title: 'Welcome',
    titleLater: 'Close this machine’s MLX Manager',
    open: 'MLX Manager is open on this machine: whoever and whatever runs here may use it and change it, without a key. No other machine may.',
    closed: 'There is no user yet. The first one is an administrator, who lets others in.',
    closes: 'Make a first user',
    closesText: 'From then on everybody needs a key or signs in, programs on this machine too.',
    keysText: 'You make keys for programs on the Keys page, or with:',
    keysCommand: 'mlx-manager keys create NAME',
    goOn: 'Go on without users',
    goOnText:
      'Fine where this machine is yours alone. You can make the first user at any time from the account menu.',
    stay: 'Leave it open',
    make: 'Make the administrator and sign in',
    token: 'One-time token',
    tokenHint: 'It is in the terminal where the manager was started, and is another one after each start.',
    tokenWhy:
      'You are not on the machine on which the manager runs. So that nobody else comes first, it wants the token that its terminal shows.'
  },

  signIn: {
    title: 'Sign in',
    submit: 'Sign in',
    register: 'Register',
    registerAsk: 'No user yet?',
    reset: 'Set a new password with a token',
    resetAsk: 'Forgotten the password?',
    resetHow: 'An administrator can give you a token for a new one.',
    wrong: 'The name or the password is wrong.',
    wrongAdvice:
      'If you are sure of both, an administrator may have disabled your user: only an administrator can see and undo that.',
    throttled: (wait: string) => `Too many attempts. Try again in ${wait}.`,
    throttledOver: 'You can try again now.',
    signedInAs: (name: string) => `You are signed in as ${name}.`,
    goOn: 'Go on'
  },

  pending: {
    title: (name: string) => `${name} waits for approval`,
    text: 'Any administrator can let you in, on the page Users or in a terminal of the manager’s machine:',
    command: (name: string) => `mlx-manager users approve ${/^[\w.@+-]+$/.test(name) ? name : `"${name}"`}`,
    then: 'Nothing tells you when that is done: sign in again in a while, with the same name and password.'
  },

  register: {
    title: 'Register',
    text: 'An administrator has to let you in before you can sign in.',
    titleInvited: 'You are invited',
    textInvited: 'Choose a name and a password, and you are in at once.',
    submit: 'Register',
    submitInvited: 'Register and sign in',
    badInvitation: 'This invitation is unknown, used or expired.',
    badInvitationAdvice: 'Ask for another one, or register without it and wait for approval.',
    without: 'Go on without the invitation',
    doneTitle: (name: string) => `${name} is registered`
  },

  reset: {
    title: 'Set a new password',
    text: 'With the token that an administrator gave you. It works once, and for a day at most.',
    token: 'Token',
    submit: 'Set the password',
    done: 'The new password is set. Sign in with it.'
  }
};
