import './messages/changes.ts';
