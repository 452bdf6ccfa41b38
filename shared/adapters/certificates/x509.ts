// @peculiar/x509 needs this to be there before it, and does not bring it: import the library from here.
import 'reflect-metadata';

export * from '@peculiar/x509';
