// What an import could not carry over, said per operation and counted.

/** One thing that the tools do not have and the description has. */
export interface ImportFinding {
  /** `METHOD /path`; absent where it concerns the whole description. */
  readonly operation?: string;
  /** `skipped`: the operation became no tool. `changed`: it did, without this. */
  readonly effect: 'skipped' | 'changed';
  readonly message: string;
}

/** A credential that the API wants; `name` is the variable or secret that the tools read. */
export interface ImportCredential {
  readonly scheme: string;
  readonly name: string;
  /** What to put there. */
  readonly expects: string;
}

export interface ImportReport {
  /** Operations of the description. */
  readonly operations: number;
  readonly imported: number;
  /** Left out because of the filters. */
  readonly filtered: number;
  readonly findings: readonly ImportFinding[];
  readonly credentials: readonly ImportCredential[];
}

/** Takes findings while an import runs; the same one twice counts once. */
export interface FindingList {
  skipped(operation: string, message: string): void;
  changed(operation: string | undefined, message: string): void;
  readonly all: readonly ImportFinding[];
}

export function createFindings(): FindingList {
  const all: ImportFinding[] = [];
  const seen = new Set<string>();
  const add = (finding: ImportFinding) => {
    const key = `${finding.operation}\n${finding.message}`;
    if (seen.has(key)) return;
    seen.add(key);
    all.push(finding);
  };
  return {
    all,
    skipped: (operation, message) => add({ operation, effect: 'skipped', message }),
    changed: (operation, message) =>
      add({ ...(operation === undefined ? {} : { operation }), effect: 'changed', message }),
  };
}

/** Operations named for one message; the JSON form names all. */
const NAMED_MAX = 3;

/** The report for a person: messages with how many operations they concern. */
export function formatImportReport(report: ImportReport): string {
  const lines = [
    `${report.imported} of ${report.operations} operations imported, ${report.filtered} left out by the filters.`,
  ];
  for (const { name, scheme, expects } of report.credentials)
    lines.push(`set ${name} (${scheme}): ${expects}`);
  const groups = Map.groupBy(report.findings, ({ effect, message }) => `${effect}: ${message}`);
  for (const [text, findings] of groups) {
    const named = findings.flatMap(({ operation }) => operation ?? []);
    const more = named.length > NAMED_MAX ? `, and ${named.length - NAMED_MAX} more` : '';
    lines.push(named.length === 0 ? text : `${text} (${named.slice(0, NAMED_MAX).join(', ')}${more})`);
  }
  return `${lines.join('\n')}\n`;
}
