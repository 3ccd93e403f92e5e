/** A file that is to become a chat. */
import { Fault } from '$lib/api/fault';
import type { components } from '$lib/api/manager';
import { historyStrings } from '$lib/strings';

type Exported = components['schemas']['ExportedChat'];

/** What a file says. Throws `Fault` where it is none of an export's; the manager looks at the rest. */
export function readExport(text: string): Exported {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw notExported();
  }
  if (!isExport(read)) throw notExported();
  return read;
}

function notExported(): Fault {
  return new Fault(historyStrings.notJson, 0, 'invalid_request');
}

function isExport(read: unknown): read is Exported {
  return (
    typeof read === 'object' &&
    read !== null &&
    'format' in read &&
    read.format === 'mlx-manager.chat' &&
    'model' in read &&
    typeof read.model === 'string'
  );
}
