// Copy: a button that puts a text on the clipboard and says so.

import { useState } from "preact/hooks";
import { Icon } from "./icon";

export function Copy({ text, children }: { text: () => string; children: string }) {
  const [done, setDone] = useState(false);
  const copy = (event: Event): void => {
    event.stopPropagation();
    void put(text()).then(() => {
      setDone(true);
      setTimeout(() => setDone(false), 1200);
    });
  };
  return (
    <button class="small" onClick={copy}>
      <Icon name="copy" />
      {done ? "Copied" : children}
    </button>
  );
}

/** Puts a text on the clipboard, also where the page came without TLS from another machine and has no better way. */
async function put(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

/** Hands the reader a file. */
export function save(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
