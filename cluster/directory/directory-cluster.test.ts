import { describeCluster } from '../bridge/cluster-acceptance.ts';
import { makeDirectoryHarness } from './directory-harness.ts';

describeCluster('a directory is a cluster', makeDirectoryHarness);
