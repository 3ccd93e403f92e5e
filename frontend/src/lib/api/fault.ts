/** Why a request did not succeed, as a person is told it. */

/** What the programs answer in place of a success. */
interface ErrorBody {
  error?: { message?: string; code?: string; param?: string | null };
}

export class Fault extends Error {
  override readonly name = 'Fault';

  constructor(
    message: string,
    /** HTTP status; 0 where nothing answered. */
    readonly status: number,
    /** One of docs/errors.md, or `unreachable`. */
    readonly code: string,
    /** Path of the field at fault. */
    readonly param: string | null = null,
    /** To look the request up in the log. */
    readonly requestId: string | null = null,
    readonly retryAfterS: number | null = null
  ) {
    super(message);
  }

  /** Whether nobody is signed in, or not any more. */
  get isSignedOut(): boolean {
    return this.status === 401;
  }
}

export function faultOf(response: Response, body: unknown): Fault {
  const error = (body as ErrorBody | undefined)?.error;
  const retry = Number(response.headers.get('retry-after') ?? NaN);
  return new Fault(
    error?.message ?? `The answer was ${response.status} ${response.statusText}`.trim(),
    response.status,
    error?.code ?? 'unknown',
    error?.param ?? null,
    response.headers.get('x-request-id'),
    Number.isFinite(retry) ? retry : null
  );
}

/** Whatever was thrown, as a fault. */
export function asFault(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  if (thrown instanceof DOMException && thrown.name === 'AbortError') {
    return new Fault('It was cancelled', 0, 'cancelled');
  }
  const message = thrown instanceof TypeError ? 'The manager does not answer' : String(thrown);
  return new Fault(message, 0, 'unreachable');
}
