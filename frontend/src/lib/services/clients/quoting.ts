/** Text as a shell or a file's format wants it, whatever it holds. */

const PLAIN = /^[A-Za-z0-9_/:@%+.,-]+$/;

/** For a POSIX shell: nothing in it is expanded. */
export function shell(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A string of JSON, JavaScript, Python or YAML, which all read this form alike. */
export const quoted = (text: string): string => JSON.stringify(text).replaceAll('\u007f', '\\u007f');

/** A basic string of TOML. */
export const toml = quoted;

/** Like `quoted`, in the single quotes that JavaScript prefers, where nothing needs an escape. */
export function script(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) && !/['\\]/.test(text) ? `'${text}'` : quoted(text);
}

export const json = (value: unknown): string => JSON.stringify(value, null, 2);

/** Lines that set variables for the programs started from this shell. */
export function exports(variables: Record<string, string>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${shell(value)}`)
    .join('\n');
}
