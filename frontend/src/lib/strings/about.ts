export const about = {
  text: 'What runs here, whether all is well with it, and what it is made of.',
  loading: 'Asking what is installed…',
  versions: 'Versions',
  names: {
    manager: 'Manager',
    server: 'Inference server',
    python: 'Python',
    mlx: 'mlx',
    mlx_lm: 'mlx-lm',
    system: 'System',
    home: 'Data and logs',
    database: 'Database'
  },
  databases: { sqlite: 'SQLite, a file among the data', postgresql: 'PostgreSQL' },
  notRunning: 'does not answer',
  notInstalled: 'not installed',
  copyAll: 'these versions, for a report',

  doctor: 'Doctor',
  doctorText:
    'It looks at Python, MLX, memory, disk, ports, the database, permissions, the hub and the demo model.',
  examine: 'Examine again',
  examining: (s: number) =>
    s < 3
      ? 'Examining: settings, memory, disk, ports, database…'
      : s < 8
        ? `Examining: MLX and the demo model, ${s} s so far…`
        : `Examining: this may take a minute on a busy machine, ${s} s so far…`,
  examined: 'Examined',
  levels: { ok: 'Well', warning: 'Warning', problem: 'Problem' },
  summary: (problems: number, warnings: number) => {
    if (problems + warnings === 0) return 'All is well.';
    const parts = [];
    if (problems > 0) parts.push(problems === 1 ? '1 problem' : `${problems} problems`);
    if (warnings > 0) parts.push(warnings === 1 ? '1 warning' : `${warnings} warnings`);
    return `${parts.join(' and ')}.`;
  },
  well: (count: number) => (count === 1 ? '1 check without a finding' : `${count} checks without a finding`),
  command: 'mlx-manager doctor',
  commandText: 'The same in a terminal:',

  licences: 'Licences',
  licencesText: 'The packages of others that it is made with.',
  ofPrograms: 'Programs (Python)',
  ofPages: 'These pages (JavaScript and fonts)',
  search: 'Search packages',
  searchHint: 'Package or licence',
  loadingLicences: 'Reading the licences…',
  columns: { name: 'Package', version: 'Version', licence: 'Licence' },
  notSaid: 'not said',
  licenceText: (name: string) => `Licence text of ${name}`,
  found: (count: number) => (count === 1 ? '1 package' : `${count} packages`),
  nothing: 'No package fits.'
};
