import { expect, it } from 'vitest';
import { patch } from './patch';

function of(html: string): HTMLElement {
  const place = document.createElement('div');
  place.innerHTML = html;
  return place;
}

it.each([
  ['<p>a</p>', '<p>ab <b>c</b></p>'],
  ['<p>a</p><pre>x</pre>', '<pre>x</pre>'],
  ['<ul><li>a</li></ul>', '<ol start="2"><li>a</li><li>b</li></ol>'],
  ['<a href="x" rel="y">a</a>', '<a href="z">a</a>'],
  ['text', '<p></p>text'],
  ['', '<p>a</p>']
])('makes %s into %s', (before, after) => {
  const place = of(before);
  patch(place, of(after));
  expect(place.innerHTML).toBe(after);
});

it('leaves alone what is the same', () => {
  const place = of('<pre>code</pre><p>growing</p>');
  const [code, text] = [place.children[0], place.children[1]];
  patch(place, of('<pre>code</pre><p>growing on</p>'));
  expect([place.children[0], place.children[1]]).toEqual([code, text]);
  expect(place.children[0]).toBe(code);
  expect(place.children[1]).toBe(text);
});
