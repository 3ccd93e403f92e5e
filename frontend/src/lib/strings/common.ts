export const common = {
  cancel: 'Cancel',
  close: 'Close',
  copied: 'Copied',
  copy: 'Copy',
  copyOf: (what: string) => `Copy ${what}`,
  delete: 'Delete',
  dismiss: 'Dismiss',
  lost: 'The connection to the manager is lost. Trying again…',
  more: 'More',
  none: 'none',
  refresh: 'Look again',
  requestId: (id: string) => `Request ${id}`,
  retry: 'Try again',
  save: 'Save',
  typeToConfirm: (text: string) => `Type ${text} to confirm`,
  undo: 'Undo',
  unreachable:
    'The manager does not answer. Start it with make run or mlx-manager serve; this page comes back by itself.'
};
