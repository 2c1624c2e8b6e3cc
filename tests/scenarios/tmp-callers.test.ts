import './messages/callers.ts';
