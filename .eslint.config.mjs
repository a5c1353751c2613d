// n8n's own rules for community packages, unchanged: what ships is judged by them alone.
export { config as default } from '@n8n/node-cli/eslint';
