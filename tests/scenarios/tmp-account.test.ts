import './messages/account.ts';
