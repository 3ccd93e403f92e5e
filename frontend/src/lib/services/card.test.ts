import { describe, expect, it } from 'vitest';
import { cardMarkdown } from './card';

describe('cardMarkdown', () => {
  it('sets headings below those of the page', () => {
    expect(cardMarkdown('# Name\n\n## Use\n\n###### Small')).toBe('### Name\n\n#### Use\n\n###### Small');
  });

  it('leaves out what programs read of it', () => {
    expect(cardMarkdown('---\r\nlicense: mit\r\n---\r\n\r\nWords\n\n---\n\nMore')).toBe(
      'Words\n\n---\n\nMore'
    );
    expect(cardMarkdown('---\nlicense: mit\n---')).toBe('');
  });

  it('leaves code as it is', () => {
    const code = '```python\n# a comment\nprint("<div>")\n```';
    expect(cardMarkdown(`<div>\n\n${code}\n</div>`)).toContain(code);
    expect(cardMarkdown('Write `<img src=x>` here')).toBe('Write `<img src=x>` here');
  });

  it('ends code that is never closed with the card', () => {
    expect(cardMarkdown('~~~\n# no heading')).toBe('~~~\n# no heading');
  });

  it('makes links of images, and words of those that are not elsewhere', () => {
    expect(cardMarkdown('<img alt="A logo" src="https://example.org/logo.png" width=10>')).toBe(
      '[A logo](https://example.org/logo.png)'
    );
    expect(cardMarkdown('<img src="https://example.org/a/logo.png?x=1">')).toBe(
      '[logo.png](https://example.org/a/logo.png?x=1)'
    );
    expect(cardMarkdown('<img src="./logo.png" alt="Logo">')).toBe('Logo');
    expect(cardMarkdown('<img src="javascript:alert(1)" alt="Logo">')).toBe('Logo');
  });

  it('keeps where links lead', () => {
    expect(cardMarkdown('<a href="https://example.org" target=_blank><b>Here</b></a>')).toBe(
      '[<b>Here</b>](https://example.org)'
    );
    expect(
      cardMarkdown('<a href="https://example.org"><img alt="Badge" src="https://b.org/x.svg"></a>')
    ).toBe('[Badge](https://example.org)');
    expect(cardMarkdown('<a href="javascript:x">Here</a>')).toBe('Here');
  });

  it('leaves out tags, comments and what is not for reading', () => {
    const card =
      '<!-- a\nnote --><div align="center">\n    Words\n</div><style>p { }</style><script>x()</script>';
    expect(cardMarkdown(card)).toBe('Words');
  });

  it('shows tags that are none of HTML', () => {
    expect(cardMarkdown('It writes <think> first')).toBe('It writes <think> first');
  });

  it('makes headings and lists of theirs', () => {
    expect(cardMarkdown('<h1 align="center">\n  Name\n</h1>')).toBe('### Name');
    expect(cardMarkdown('<ul><li>One</li><li>Two</li></ul>')).toBe('- One\n- Two');
  });
});
