/** What shows Markdown, fetched when the first page wants it. */
import type * as MarkdownModule from '$lib/services/markdown';
import type { sanitized } from '$lib/services/sanitize';

interface Parts {
  Splitter: typeof MarkdownModule.Splitter;
  render: typeof MarkdownModule.render;
  sanitized: typeof sanitized;
}

class MarkdownParts {
  /** Null until they are here: text is shown as it was written until then. */
  current = $state.raw<Parts | null>(null);
  #isAsked = false;

  async fetch(): Promise<void> {
    if (this.#isAsked) return;
    this.#isAsked = true;
    try {
      const [markdown, sanitize] = await Promise.all([
        import('$lib/services/markdown'),
        import('$lib/services/sanitize')
      ]);
      this.current = {
        Splitter: markdown.Splitter,
        render: markdown.render,
        sanitized: sanitize.sanitized
      };
    } catch {
      // The manager does not answer just now: the next text asks again.
      this.#isAsked = false;
    }
  }
}

export const markdownParts = new MarkdownParts();
