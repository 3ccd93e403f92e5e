/** The programs that a test talks to, as child processes. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import path from 'node:path';

const BACKEND = path.resolve(import.meta.dirname, '../../../backend');
const PYTHON = process.env.PYTHON ?? path.resolve(BACKEND, '../.venv/bin/python');

/** Where the programs are. */
export interface Places {
  manager: string;
  server: string;
  hub: string;
  home: string;
  manager_pid: number;
}

export interface Stack extends Places {
  end: () => Promise<void>;
}

/** Start a manager with its server and a hub; `env` is for both programs. */
export async function startStack(env: Record<string, string> = {}): Promise<Stack> {
  const settings = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const child = spawn(PYTHON, ['-m', 'tests.live.stack', ...settings], {
    cwd: BACKEND,
    stdio: ['pipe', 'pipe', 'pipe']
  });
  const said: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  const places = await firstLine(child, said);
  return {
    ...places,
    end: async () => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    }
  };
}

async function firstLine(child: ChildProcess, said: string[]): Promise<Places> {
  if (child.stdout === null) throw new Error('the stack has no output');
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`the stack ended before it was ready:\n${said.join('')}`);
  });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  ended.catch(() => undefined);
  return JSON.parse(line) as Places;
}
