/** Text files that go along with a message: read and checked in the browser. */

export const MAX_ATTACHMENT_BYTES = 512_000;
export const MAX_ATTACHMENTS = 32;

/** A file that waits to be sent. */
export interface PendingFile {
  /** Of this page alone. */
  key: number;
  name: string;
  mediaType: string;
  text: string;
  sizeBytes: number;
}

export type Refusal = 'too-large' | 'not-text' | 'too-many' | 'unreadable';
export type ReadFile = { file: PendingFile } | { refusal: Refusal; name: string };

/** Text that browsers do not call so. */
const TEXT_TYPES =
  /^(text\/|application\/(ecmascript|graphql|javascript|json|jsonl|sql|toml|typescript|xml|yaml|x-httpd-php|x-javascript|x-latex|x-ndjson|x-python|x-sh|x-tex|x-toml|x-yaml)$)|\+(json|xml|yaml)$/;
const OTHER_KINDS = /^(image|audio|video|font)\/|^application\/(pdf|zip|gzip|msword|vnd\.)/;

let lastKey = 0;

/**
 * Read a file. What is called something else than text is refused by its kind; what has no known kind, such
 * as a program's source, is taken where its bytes are UTF-8 without a NUL.
 */
export async function readFile(file: File): Promise<ReadFile> {
  const refused = (refusal: Refusal): ReadFile => ({ refusal, name: file.name });
  const isCalledText = TEXT_TYPES.test(file.type);
  if (!isCalledText && OTHER_KINDS.test(file.type)) return refused('not-text');
  if (file.size > MAX_ATTACHMENT_BYTES) return refused('too-large');
  let data: ArrayBuffer;
  try {
    data = await file.arrayBuffer();
  } catch {
    return refused('unreadable');
  }
  const text = decode(data);
  if (text === null) return refused('not-text');
  const sizeBytes = new TextEncoder().encode(text).length;
  const mediaType = isCalledText ? file.type : 'text/plain';
  return {
    file: { key: ++lastKey, name: file.name.slice(0, 200) || 'file.txt', mediaType, text, sizeBytes }
  };
}

function decode(data: ArrayBuffer): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(data);
    return text.includes('\0') ? null : text;
  } catch {
    return null;
  }
}
