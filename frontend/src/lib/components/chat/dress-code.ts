/** Give code its language and a button to copy it. */
import { copyText } from '$lib/services/clipboard';
import { chatStrings } from '$lib/strings';

const words = chatStrings.actions;
const SAID_MS = 1500;

export function dressCode(fragment: DocumentFragment): DocumentFragment {
  for (const code of fragment.querySelectorAll('pre')) {
    const figure = document.createElement('figure');
    figure.className = 'code-figure';
    const caption = document.createElement('figcaption');
    const language = document.createElement('span');
    language.textContent = code.dataset.language ?? words.code;
    caption.append(language, copyButton());
    code.replaceWith(figure);
    figure.append(caption, code);
  }
  return fragment;
}

function copyButton(): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = words.copyCode;
  button.addEventListener('click', () => {
    // The code as it is now: it may have grown since.
    const code = button.closest('figure')?.querySelector('pre')?.textContent ?? '';
    void copyText(code.replace(/\n$/, '')).then((isCopied) => {
      if (!isCopied) return;
      button.textContent = words.codeCopied;
      setTimeout(() => (button.textContent = words.copyCode), SAID_MS);
    });
  });
  return button;
}
