// Icon: line drawings of 20 by 20.

const PATHS: Record<string, string> = {
  graph: "M5 6.5a2 2 0 1 0 0-.01M15 4.5a2 2 0 1 0 0-.01M14 15.5a2 2 0 1 0 0-.01M7 6l6-1.2M6 8l6.5 6M14.8 6.5l-.6 7",
  traffic: "M3 5h14M3 10h14M3 15h9",
  passes: "M3 5h7M6 10h8M10 15h7",
  kpis: "M3 16V4M3 16h14M6 12l3-4 3 2 5-6",
  inbox: "M3 11l2.5-6h9L17 11v5H3zM3 11h4l1.5 2h3L13 11h4",
  auto: "M10 3a7 7 0 1 0 0 14zM10 3a7 7 0 0 1 0 14",
  light: "M10 6.5a3.5 3.5 0 1 0 .01 0M10 2v2M10 16v2M2 10h2M16 10h2M4.3 4.3l1.4 1.4M14.3 14.3l1.4 1.4M15.7 4.3l-1.4 1.4M5.7 14.3l-1.4 1.4",
  dark: "M16 11.5A6.5 6.5 0 0 1 8.5 4 6.5 6.5 0 1 0 16 11.5z",
  pause: "M7 4v12M13 4v12",
  play: "M6 4l10 6-10 6z",
  copy: "M7 7h9v10H7zM4 13V3h9",
};

export function Icon({ name }: { name: string }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      <path d={PATHS[name] ?? ""} fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
