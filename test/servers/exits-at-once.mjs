/** Complains and exits before anybody can speak to it. Arguments: exit code (1). */

process.stderr.write('cannot start: no such luck\n');
process.exitCode = Number(process.argv[2] ?? 1);
