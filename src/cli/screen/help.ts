/** Examples below the help of each command. */

const examples = {
  up: `Each option can also be given as an environment variable, --state-dir as MCPVISOR_STATE_DIR and so on; options win.

Examples:
  mcpvisor up
  mcpvisor up --detach
  mcpvisor up --config fleet.json --state-dir ./.mcpvisor --port 0
  MCPVISOR_LOG_FORMAT=json mcpvisor up`,
  down: `Examples:
  mcpvisor down
  mcpvisor down --timeout 120000`,
  status: `Examples:
  mcpvisor status
  mcpvisor status --watch
  mcpvisor status --tree
  mcpvisor status --json | jq '.servers[] | select(.state != "connected")'`,
  start: `Examples:
  mcpvisor start files
  mcpvisor start group:web --no-wait`,
  stop: `Examples:
  mcpvisor stop files memory
  mcpvisor stop --all`,
  restart: `Examples:
  mcpvisor restart files
  mcpvisor restart group:web --timeout 60000`,
  retry: `With a group or --all only those that wait are meant.

Examples:
  mcpvisor retry files
  mcpvisor retry --all`,
  reset: `Examples:
  mcpvisor reset files`,
  ensure: `Exits with 5 if one is not connected in time or will not be, with its reason. No failure is forgiven.

Examples:
  mcpvisor ensure files memory
  mcpvisor ensure files --timeout 10000`,
  tools: `Examples:
  mcpvisor tools
  mcpvisor tools files
  mcpvisor tools files --json | jq '.tools[].inputSchema'`,
  call: `Exits with 7 if the tool answered isError, 4 if there is no such server or tool, 5 if it took too long.

Examples:
  mcpvisor call everything echo message=hi
  mcpvisor call everything get-sum a=2 b=3 --json
  mcpvisor call files read_text_file '{"path": "README.md"}'
  mcpvisor call files read_text_file path=logo.svg --raw > logo.svg
  jq -n '{message: "hi"}' | mcpvisor call everything echo -`,
  logs: `Examples:
  mcpvisor logs files
  mcpvisor logs files -f --tail 10`,
  events: `Examples:
  mcpvisor events
  mcpvisor events -f --actor server:files
  mcpvisor events --type server.failed --json`,
  approve: `Shows what would run, and asks. It needs a shell on the machine of the control plane: no token of the API approves.

Examples:
  mcpvisor approve
  mcpvisor approve files
  mcpvisor approve files --yes`,
  secret: `The value is never an argument: every list of processes would show it.

Examples:
  mcpvisor secret set GITHUB
  mcpvisor secret set GITHUB < token.txt
  mcpvisor secret list
  mcpvisor secret remove GITHUB`,
  add: `The entry goes into the configuration file, whose comments and order stay as they are. Exits with 1 if one of
several is refused, and names it.

Examples:
  mcpvisor add files -- npx -y @modelcontextprotocol/server-filesystem .
  mcpvisor add notes --env NOTES_DIR=./notes -- node notes.mjs
  mcpvisor add search --url https://mcp.example.com/mcp --header 'Authorization: Bearer \${SEARCH_TOKEN}'
  pbpaste | mcpvisor add -
  mcpvisor add files --stored -- npx -y @modelcontextprotocol/server-filesystem .`,
  remove: `Examples:
  mcpvisor remove files
  mcpvisor remove files memory --json`,
  versions: `Examples:
  mcpvisor versions
  mcpvisor versions --tail 100 --json | jq '.versions[].summary'`,
  rollback: `The changes are undone where they were made, and this is a new version itself.

Examples:
  mcpvisor versions
  mcpvisor rollback 7`,
  plan: `Examples:
  mcpvisor plan
  mcpvisor plan fleet.json --json`,
  check: `Examples:
  mcpvisor check
  mcpvisor check fleet.json --json`,
  doctor: `Exits with 1 if there is a problem. Works without a control plane, and sees more with one.

Examples:
  mcpvisor doctor
  mcpvisor doctor --config fleet.json --json`,
  completion: `Examples:
  eval "$(mcpvisor completion bash)"                                   in ~/.bashrc
  eval "$(mcpvisor completion zsh)"                                    in ~/.zshrc
  mcpvisor completion fish > ~/.config/fish/completions/mcpvisor.fish`,
} as const;

export function examplesOf(command: keyof typeof examples): string {
  return `\n${examples[command]}`;
}

export const generalHelp = `
Every command finds the running control plane by its state directory, or takes --url and --token.

Examples:
  mcpvisor up                            start the servers of ./mcp.json and stay in the foreground
  mcpvisor up --detach                   the same in the background; "mcpvisor down" ends it
  mcpvisor status --watch
  mcpvisor restart files
  mcpvisor call everything echo message=hi
  mcpvisor doctor                        what is wrong here?

Exit codes: 0 done, 1 failed, 2 usage, 3 no control plane running, 4 no such server or tool,
            5 rejected, timed out or not answered, 6 already running, 7 the tool answered isError`;
