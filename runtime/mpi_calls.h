/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_MPI_CALLS_H
#define PHASECAP_MPI_CALLS_H

/*
 * The MPI calls whose time is not the program's own work: X(name without MPI_, parameters,
 * arguments).  All return int.  mpi_glue.c makes a wrapper of each line.
 */
#define PC_MPI_CALLS(X) \
	X(Send, (const void *a, int b, MPI_Datatype c, int d, int e, MPI_Comm f), (a, b, c, d, e, f)) \
	X(Recv, (void *a, int b, MPI_Datatype c, int d, int e, MPI_Comm f, MPI_Status *g), (a, b, c, d, e, \
	  f, g)) \
	X(Bsend, (const void *a, int b, MPI_Datatype c, int d, int e, MPI_Comm f), (a, b, c, d, e, f)) \
	X(Ssend, (const void *a, int b, MPI_Datatype c, int d, int e, MPI_Comm f), (a, b, c, d, e, f)) \
	X(Rsend, (const void *a, int b, MPI_Datatype c, int d, int e, MPI_Comm f), (a, b, c, d, e, f)) \
	X(Sendrecv, (const void *a, int b, MPI_Datatype c, int d, int e, void *f, int g, MPI_Datatype h, int \
	  i, int j, MPI_Comm k, MPI_Status *l), (a, b, c, d, e, f, g, h, i, j, k, l)) \
	X(Sendrecv_replace, (void *a, int b, MPI_Datatype c, int d, int e, int f, int g, MPI_Comm h, \
	  MPI_Status *i), (a, b, c, d, e, f, g, h, i)) \
	X(Isend, (const void *a, int b, MPI_Datatype c, int d, int e, MPI_Comm f, MPI_Request *g), (a, b, c, \
	  d, e, f, g)) \
	X(Ibsend, (const void *a, int b, MPI_Datatype c, int d, int e, MPI_Comm f, MPI_Request *g), (a, b, \
	  c, d, e, f, g)) \
	X(Issend, (const void *a, int b, MPI_Datatype c, int d, int e, MPI_Comm f, MPI_Request *g), (a, b, \
	  c, d, e, f, g)) \
	X(Irsend, (const void *a, int b, MPI_Datatype c, int d, int e, MPI_Comm f, MPI_Request *g), (a, b, \
	  c, d, e, f, g)) \
	X(Irecv, (void *a, int b, MPI_Datatype c, int d, int e, MPI_Comm f, MPI_Request *g), (a, b, c, d, e, \
	  f, g)) \
	X(Start, (MPI_Request *a), (a)) \
	X(Startall, (int a, MPI_Request *b), (a, b)) \
	X(Wait, (MPI_Request *a, MPI_Status *b), (a, b)) \
	X(Waitall, (int a, MPI_Request *b, MPI_Status *c), (a, b, c)) \
	X(Waitany, (int a, MPI_Request *b, int *c, MPI_Status *d), (a, b, c, d)) \
	X(Waitsome, (int a, MPI_Request *b, int *c, int *d, MPI_Status *e), (a, b, c, d, e)) \
	X(Test, (MPI_Request *a, int *b, MPI_Status *c), (a, b, c)) \
	X(Testall, (int a, MPI_Request *b, int *c, MPI_Status *d), (a, b, c, d)) \
	X(Testany, (int a, MPI_Request *b, int *c, int *d, MPI_Status *e), (a, b, c, d, e)) \
	X(Testsome, (int a, MPI_Request *b, int *c, int *d, MPI_Status *e), (a, b, c, d, e)) \
	X(Probe, (int a, int b, MPI_Comm c, MPI_Status *d), (a, b, c, d)) \
	X(Iprobe, (int a, int b, MPI_Comm c, int *d, MPI_Status *e), (a, b, c, d, e)) \
	X(Mprobe, (int a, int b, MPI_Comm c, MPI_Message *d, MPI_Status *e), (a, b, c, d, e)) \
	X(Improbe, (int a, int b, MPI_Comm c, int *d, MPI_Message *e, MPI_Status *f), (a, b, c, d, e, f)) \
	X(Mrecv, (void *a, int b, MPI_Datatype c, MPI_Message *d, MPI_Status *e), (a, b, c, d, e)) \
	X(Imrecv, (void *a, int b, MPI_Datatype c, MPI_Message *d, MPI_Request *e), (a, b, c, d, e)) \
	X(Barrier, (MPI_Comm a), (a)) \
	X(Bcast, (void *a, int b, MPI_Datatype c, int d, MPI_Comm e), (a, b, c, d, e)) \
	X(Gather, (const void *a, int b, MPI_Datatype c, void *d, int e, MPI_Datatype f, int g, MPI_Comm h), \
	  (a, b, c, d, e, f, g, h)) \
	X(Gatherv, (const void *a, int b, MPI_Datatype c, void *d, const int *e, const int *f, MPI_Datatype \
	  g, int h, MPI_Comm i), (a, b, c, d, e, f, g, h, i)) \
	X(Scatter, (const void *a, int b, MPI_Datatype c, void *d, int e, MPI_Datatype f, int g, MPI_Comm \
	  h), (a, b, c, d, e, f, g, h)) \
	X(Scatterv, (const void *a, const int *b, const int *c, MPI_Datatype d, void *e, int f, MPI_Datatype \
	  g, int h, MPI_Comm i), (a, b, c, d, e, f, g, h, i)) \
	X(Allgather, (const void *a, int b, MPI_Datatype c, void *d, int e, MPI_Datatype f, MPI_Comm g), (a, \
	  b, c, d, e, f, g)) \
	X(Allgatherv, (const void *a, int b, MPI_Datatype c, void *d, const int *e, const int *f, \
	  MPI_Datatype g, MPI_Comm h), (a, b, c, d, e, f, g, h)) \
	X(Alltoall, (const void *a, int b, MPI_Datatype c, void *d, int e, MPI_Datatype f, MPI_Comm g), (a, \
	  b, c, d, e, f, g)) \
	X(Alltoallv, (const void *a, const int *b, const int *c, MPI_Datatype d, void *e, const int *f, \
	  const int *g, MPI_Datatype h, MPI_Comm i), (a, b, c, d, e, f, g, h, i)) \
	X(Alltoallw, (const void *a, const int *b, const int *c, const MPI_Datatype *d, void *e, const int \
	  *f, const int *g, const MPI_Datatype *h, MPI_Comm i), (a, b, c, d, e, f, g, h, i)) \
	X(Reduce, (const void *a, void *b, int c, MPI_Datatype d, MPI_Op e, int f, MPI_Comm g), (a, b, c, d, \
	  e, f, g)) \
	X(Allreduce, (const void *a, void *b, int c, MPI_Datatype d, MPI_Op e, MPI_Comm f), (a, b, c, d, e, \
	  f)) \
	X(Reduce_scatter, (const void *a, void *b, const int *c, MPI_Datatype d, MPI_Op e, MPI_Comm f), (a, \
	  b, c, d, e, f)) \
	X(Reduce_scatter_block, (const void *a, void *b, int c, MPI_Datatype d, MPI_Op e, MPI_Comm f), (a, \
	  b, c, d, e, f)) \
	X(Scan, (const void *a, void *b, int c, MPI_Datatype d, MPI_Op e, MPI_Comm f), (a, b, c, d, e, f)) \
	X(Exscan, (const void *a, void *b, int c, MPI_Datatype d, MPI_Op e, MPI_Comm f), (a, b, c, d, e, f)) \
	X(Ibarrier, (MPI_Comm a, MPI_Request *b), (a, b)) \
	X(Ibcast, (void *a, int b, MPI_Datatype c, int d, MPI_Comm e, MPI_Request *f), (a, b, c, d, e, f)) \
	X(Igather, (const void *a, int b, MPI_Datatype c, void *d, int e, MPI_Datatype f, int g, MPI_Comm h, \
	  MPI_Request *i), (a, b, c, d, e, f, g, h, i)) \
	X(Igatherv, (const void *a, int b, MPI_Datatype c, void *d, const int *e, const int *f, MPI_Datatype \
	  g, int h, MPI_Comm i, MPI_Request *j), (a, b, c, d, e, f, g, h, i, j)) \
	X(Iscatter, (const void *a, int b, MPI_Datatype c, void *d, int e, MPI_Datatype f, int g, MPI_Comm \
	  h, MPI_Request *i), (a, b, c, d, e, f, g, h, i)) \
	X(Iscatterv, (const void *a, const int *b, const int *c, MPI_Datatype d, void *e, int f, \
	  MPI_Datatype g, int h, MPI_Comm i, MPI_Request *j), (a, b, c, d, e, f, g, h, i, j)) \
	X(Iallgather, (const void *a, int b, MPI_Datatype c, void *d, int e, MPI_Datatype f, MPI_Comm g, \
	  MPI_Request *h), (a, b, c, d, e, f, g, h)) \
	X(Iallgatherv, (const void *a, int b, MPI_Datatype c, void *d, const int *e, const int *f, \
	  MPI_Datatype g, MPI_Comm h, MPI_Request *i), (a, b, c, d, e, f, g, h, i)) \
	X(Ialltoall, (const void *a, int b, MPI_Datatype c, void *d, int e, MPI_Datatype f, MPI_Comm g, \
	  MPI_Request *h), (a, b, c, d, e, f, g, h)) \
	X(Ialltoallv, (const void *a, const int *b, const int *c, MPI_Datatype d, void *e, const int *f, \
	  const int *g, MPI_Datatype h, MPI_Comm i, MPI_Request *j), (a, b, c, d, e, f, g, h, i, j)) \
	X(Ialltoallw, (const void *a, const int *b, const int *c, const MPI_Datatype *d, void *e, const int \
	  *f, const int *g, const MPI_Datatype *h, MPI_Comm i, MPI_Request *j), (a, b, c, d, e, f, g, h, i, \
	  j)) \
	X(Ireduce, (const void *a, void *b, int c, MPI_Datatype d, MPI_Op e, int f, MPI_Comm g, MPI_Request \
	  *h), (a, b, c, d, e, f, g, h)) \
	X(Iallreduce, (const void *a, void *b, int c, MPI_Datatype d, MPI_Op e, MPI_Comm f, MPI_Request *g), \
	  (a, b, c, d, e, f, g)) \
	X(Ireduce_scatter, (const void *a, void *b, const int *c, MPI_Datatype d, MPI_Op e, MPI_Comm f, \
	  MPI_Request *g), (a, b, c, d, e, f, g)) \
	X(Ireduce_scatter_block, (const void *a, void *b, int c, MPI_Datatype d, MPI_Op e, MPI_Comm f, \
	  MPI_Request *g), (a, b, c, d, e, f, g)) \
	X(Iscan, (const void *a, void *b, int c, MPI_Datatype d, MPI_Op e, MPI_Comm f, MPI_Request *g), (a, \
	  b, c, d, e, f, g)) \
	X(Iexscan, (const void *a, void *b, int c, MPI_Datatype d, MPI_Op e, MPI_Comm f, MPI_Request *g), \
	  (a, b, c, d, e, f, g)) \
	X(Neighbor_allgather, (const void *a, int b, MPI_Datatype c, void *d, int e, MPI_Datatype f, \
	  MPI_Comm g), (a, b, c, d, e, f, g)) \
	X(Neighbor_allgatherv, (const void *a, int b, MPI_Datatype c, void *d, const int *e, const int *f, \
	  MPI_Datatype g, MPI_Comm h), (a, b, c, d, e, f, g, h)) \
	X(Neighbor_alltoall, (const void *a, int b, MPI_Datatype c, void *d, int e, MPI_Datatype f, MPI_Comm \
	  g), (a, b, c, d, e, f, g)) \
	X(Neighbor_alltoallv, (const void *a, const int *b, const int *c, MPI_Datatype d, void *e, const int \
	  *f, const int *g, MPI_Datatype h, MPI_Comm i), (a, b, c, d, e, f, g, h, i)) \
	X(Neighbor_alltoallw, (const void *a, const int *b, const MPI_Aint *c, const MPI_Datatype *d, void \
	  *e, const int *f, const MPI_Aint *g, const MPI_Datatype *h, MPI_Comm i), (a, b, c, d, e, f, g, h, \
	  i)) \
	X(Ineighbor_allgather, (const void *a, int b, MPI_Datatype c, void *d, int e, MPI_Datatype f, \
	  MPI_Comm g, MPI_Request *h), (a, b, c, d, e, f, g, h)) \
	X(Ineighbor_allgatherv, (const void *a, int b, MPI_Datatype c, void *d, const int *e, const int *f, \
	  MPI_Datatype g, MPI_Comm h, MPI_Request *i), (a, b, c, d, e, f, g, h, i)) \
	X(Ineighbor_alltoall, (const void *a, int b, MPI_Datatype c, void *d, int e, MPI_Datatype f, \
	  MPI_Comm g, MPI_Request *h), (a, b, c, d, e, f, g, h)) \
	X(Ineighbor_alltoallv, (const void *a, const int *b, const int *c, MPI_Datatype d, void *e, const \
	  int *f, const int *g, MPI_Datatype h, MPI_Comm i, MPI_Request *j), (a, b, c, d, e, f, g, h, i, j)) \
	X(Ineighbor_alltoallw, (const void *a, const int *b, const MPI_Aint *c, const MPI_Datatype *d, void \
	  *e, const int *f, const MPI_Aint *g, const MPI_Datatype *h, MPI_Comm i, MPI_Request *j), (a, b, c, \
	  d, e, f, g, h, i, j)) \
	X(Comm_dup, (MPI_Comm a, MPI_Comm *b), (a, b)) \
	X(Comm_create, (MPI_Comm a, MPI_Group b, MPI_Comm *c), (a, b, c)) \
	X(Comm_create_group, (MPI_Comm a, MPI_Group b, int c, MPI_Comm *d), (a, b, c, d)) \
	X(Comm_split, (MPI_Comm a, int b, int c, MPI_Comm *d), (a, b, c, d)) \
	X(Comm_split_type, (MPI_Comm a, int b, int c, MPI_Info d, MPI_Comm *e), (a, b, c, d, e)) \
	X(Comm_free, (MPI_Comm *a), (a)) \
	X(Comm_disconnect, (MPI_Comm *a), (a)) \
	X(Comm_spawn, (const char *a, char **b, int c, MPI_Info d, int e, MPI_Comm f, MPI_Comm *g, int *h), \
	  (a, b, c, d, e, f, g, h)) \
	X(Comm_accept, (const char *a, MPI_Info b, int c, MPI_Comm d, MPI_Comm *e), (a, b, c, d, e)) \
	X(Comm_connect, (const char *a, MPI_Info b, int c, MPI_Comm d, MPI_Comm *e), (a, b, c, d, e)) \
	X(Intercomm_create, (MPI_Comm a, int b, MPI_Comm c, int d, int e, MPI_Comm *f), (a, b, c, d, e, f)) \
	X(Intercomm_merge, (MPI_Comm a, int b, MPI_Comm *c), (a, b, c)) \
	X(Put, (const void *a, int b, MPI_Datatype c, int d, MPI_Aint e, int f, MPI_Datatype g, MPI_Win h), \
	  (a, b, c, d, e, f, g, h)) \
	X(Get, (void *a, int b, MPI_Datatype c, int d, MPI_Aint e, int f, MPI_Datatype g, MPI_Win h), (a, b, \
	  c, d, e, f, g, h)) \
	X(Accumulate, (const void *a, int b, MPI_Datatype c, int d, MPI_Aint e, int f, MPI_Datatype g, \
	  MPI_Op h, MPI_Win i), (a, b, c, d, e, f, g, h, i)) \
	X(Get_accumulate, (const void *a, int b, MPI_Datatype c, void *d, int e, MPI_Datatype f, int g, \
	  MPI_Aint h, int i, MPI_Datatype j, MPI_Op k, MPI_Win l), (a, b, c, d, e, f, g, h, i, j, k, l)) \
	X(Rput, (const void *a, int b, MPI_Datatype c, int d, MPI_Aint e, int f, MPI_Datatype g, MPI_Win h, \
	  MPI_Request *i), (a, b, c, d, e, f, g, h, i)) \
	X(Rget, (void *a, int b, MPI_Datatype c, int d, MPI_Aint e, int f, MPI_Datatype g, MPI_Win h, \
	  MPI_Request *i), (a, b, c, d, e, f, g, h, i)) \
	X(Raccumulate, (const void *a, int b, MPI_Datatype c, int d, MPI_Aint e, int f, MPI_Datatype g, \
	  MPI_Op h, MPI_Win i, MPI_Request *j), (a, b, c, d, e, f, g, h, i, j)) \
	X(Rget_accumulate, (const void *a, int b, MPI_Datatype c, void *d, int e, MPI_Datatype f, int g, \
	  MPI_Aint h, int i, MPI_Datatype j, MPI_Op k, MPI_Win l, MPI_Request *m), (a, b, c, d, e, f, g, h, \
	  i, j, k, l, m)) \
	X(Fetch_and_op, (const void *a, void *b, MPI_Datatype c, int d, MPI_Aint e, MPI_Op f, MPI_Win g), \
	  (a, b, c, d, e, f, g)) \
	X(Compare_and_swap, (const void *a, const void *b, void *c, MPI_Datatype d, int e, MPI_Aint f, \
	  MPI_Win g), (a, b, c, d, e, f, g)) \
	X(Win_create, (void *a, MPI_Aint b, int c, MPI_Info d, MPI_Comm e, MPI_Win *f), (a, b, c, d, e, f)) \
	X(Win_allocate, (MPI_Aint a, int b, MPI_Info c, MPI_Comm d, void *e, MPI_Win *f), (a, b, c, d, e, \
	  f)) \
	X(Win_free, (MPI_Win *a), (a)) \
	X(Win_fence, (int a, MPI_Win b), (a, b)) \
	X(Win_start, (MPI_Group a, int b, MPI_Win c), (a, b, c)) \
	X(Win_complete, (MPI_Win a), (a)) \
	X(Win_post, (MPI_Group a, int b, MPI_Win c), (a, b, c)) \
	X(Win_wait, (MPI_Win a), (a)) \
	X(Win_lock, (int a, int b, int c, MPI_Win d), (a, b, c, d)) \
	X(Win_lock_all, (int a, MPI_Win b), (a, b)) \
	X(Win_unlock, (int a, MPI_Win b), (a, b)) \
	X(Win_unlock_all, (MPI_Win a), (a)) \
	X(Win_flush, (int a, MPI_Win b), (a, b)) \
	X(Win_flush_all, (MPI_Win a), (a)) \
	X(Win_flush_local, (int a, MPI_Win b), (a, b)) \
	X(Win_flush_local_all, (MPI_Win a), (a)) \
	X(Win_sync, (MPI_Win a), (a)) \
	X(Buffer_detach, (void *a, int *b), (a, b))

#endif
