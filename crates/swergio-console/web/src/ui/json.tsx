// Json: a value as a tree that one can open.

const MOST = 100;

export function Json({ value, name, open = false }: { value: unknown; name?: string; open?: boolean }) {
  const label = name === undefined ? null : <span class="key">{name}</span>;
  if (value instanceof Uint8Array) {
    return (
      <div class="leaf">
        {label}
        <i>{value.byteLength} bytes</i>
      </div>
    );
  }
  if (value === null || typeof value !== "object") {
    return (
      <div class="leaf">
        {label}
        <span class={`value ${typeof value}`}>{typeof value === "string" ? JSON.stringify(value) : String(value)}</span>
      </div>
    );
  }
  const entries = Object.entries(value);
  const flat = Array.isArray(value) && value.every((one) => typeof one === "number");
  if (flat) {
    return (
      <div class="leaf">
        {label}
        <span class="value number">
          [{value.slice(0, MOST).join(", ")}
          {value.length > MOST ? `, … ${value.length - MOST} more` : ""}]
        </span>
      </div>
    );
  }
  return (
    <details open={open}>
      <summary>
        {label}
        <i>{Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`}</i>
      </summary>
      {entries.slice(0, MOST).map(([key, one]) => (
        <Json key={key} name={key} value={one} open={entries.length < 4} />
      ))}
      {entries.length > MOST && <i>… {entries.length - MOST} more</i>}
    </details>
  );
}
