import { expect, it } from 'vitest';
import { MAX_ATTACHMENT_BYTES, readFile } from './attachments';

/** A file as browsers have it; jsdom's cannot be read. */
function fileOf(content: string | number[], name: string, type = ''): File {
  const data = typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content);
  return Object.assign(new File([data], name, { type }), { arrayBuffer: async () => data.buffer });
}

it('reads text, and counts its bytes', async () => {
  const read = await readFile(fileOf('grün', 'a.md', 'text/markdown'));
  expect(read).toMatchObject({
    file: { name: 'a.md', mediaType: 'text/markdown', text: 'grün', sizeBytes: 5 }
  });
});

it('takes a program whose kind the browser does not know', async () => {
  const read = await readFile(fileOf('fn main() {}', 'main.rs'));
  expect(read).toMatchObject({ file: { mediaType: 'text/plain' } });
});

it.each<[string, string | number[], string, string]>([
  ['a picture', [137, 80, 78, 71], 'image/png', 'not-text'],
  ['bytes', [0xff, 0xfe, 0x00], '', 'not-text'],
  ['a NUL', 'a\0b', 'text/plain', 'not-text'],
  ['too much', 'x'.repeat(MAX_ATTACHMENT_BYTES + 1), 'text/plain', 'too-large']
])('refuses %s', async (name, content, type, refusal) => {
  expect(await readFile(fileOf(content, name, type))).toEqual({ refusal, name });
});
