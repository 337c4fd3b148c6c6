import { expect, it } from 'vitest';
import { escapeText, join, markup } from './escape.js';

it.each([
  [
    `<script>alert("1" & '2')</script>`,
    '&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;',
  ],
  ['tab\tand\r\nbreak stay', 'tab\tand\r\nbreak stay'],
  ['\u0000\u001b\u009b\ud800\uffff', '\ufffd\ufffd\ufffd\ufffd\ufffd'],
  ['ä 漢字 😀', 'ä 漢字 😀'],
])('makes %j harmless in markup', (text, escaped) => {
  expect(escapeText(text)).toBe(escaped);
});

it('escapes texts and leaves markup as it is', () => {
  const items = join(['<a>', 'b'].map((text) => markup`<li>${text}</li>`));
  expect(markup`<ul>${items}</ul>`.text).toBe('<ul><li>&lt;a&gt;</li>\n<li>b</li></ul>');
});
