import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { exports, quoted, script, shell, toml } from './quoting';

const ODD = ["it's", 'a "b"', '$HOME and `id`', 'back\\slash', 'two\nlines', 'a b', '!x', '~', '*', '', 'ü‘'];

describe('shell', () => {
  it('leaves plain text alone', () => {
    expect(shell('mlx-community/Qwen3-0.6B-4bit')).toBe('mlx-community/Qwen3-0.6B-4bit');
    expect(shell('http://127.0.0.1:8080/v1')).toBe('http://127.0.0.1:8080/v1');
  });

  it.each(ODD)('gives a shell %j as it is', (text) => {
    const said = execFileSync('sh', ['-c', `printf %s ${shell(text)}`], { encoding: 'utf8' });
    expect(said).toBe(text);
  });

  it.each(ODD)('exports %j as it is', (text) => {
    const line = `${exports({ VALUE: text })}; printf %s "$VALUE"`;
    expect(execFileSync('sh', ['-c', line], { encoding: 'utf8' })).toBe(text);
  });
});

describe('strings of files', () => {
  it.each(ODD)('reads %j back', (text) => {
    expect(JSON.parse(quoted(text))).toBe(text);
    expect(new Function(`return ${script(text)}`)()).toBe(text);
  });

  it('has no character in TOML that it forbids', () => {
    expect(toml('a\u007f"\n')).toBe('"a\\u007f\\"\\n"');
  });

  it('prefers single quotes in scripts', () => {
    expect(script('demo')).toBe("'demo'");
    expect(script("it's")).toBe('"it\'s"');
  });
});
