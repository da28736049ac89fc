/* SPDX-License-Identifier: BSD-3-Clause */
/* Joins and leaves in their order, and cursors over them. */
#include "ivshmem/server_log.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/fds.h"

struct server_event {
	TAILQ_ENTRY(server_event) link;
	struct server_peer *peer; /* NULL: the blank one */
	bool leave;
	uint64_t number;
	unsigned int readers; /* cursors that are here */
};

struct server_peer {
	/* Becomes the blank event when the peer leaves, so that leaving needs no memory. */
	struct server_event *spare;
	bool gone;
	uint64_t left; /* the number of that event */
	uint16_t id;
	uint32_t fd_count;
	int fds[];
};

int server_log_init(struct server_log *log, uint32_t vectors)
{
	struct server_event *blank = calloc(1, sizeof(*blank));

	if (!blank)
		return -ENOMEM;
	*log = (struct server_log){ .vectors = vectors };
	TAILQ_INIT(&log->events);
	TAILQ_INSERT_TAIL(&log->events, blank, link);
	return 0;
}

static void peer_close_fds(struct server_log *log, struct server_peer *peer)
{
	log->fds -= peer->fd_count;
	while (peer->fd_count > 0)
		fd_close(&peer->fds[--peer->fd_count]);
}

static void peer_free(struct server_log *log, struct server_peer *peer)
{
	peer_close_fds(log, peer);
	free(peer->spare);
	free(peer);
}

static struct server_peer *peer_new(struct server_log *log, uint16_t id, int *ret_error)
{
	struct server_peer *peer;
	int fd;

	*ret_error = -ENOMEM;
	peer = calloc(1, sizeof(*peer) + log->vectors * sizeof(peer->fds[0]));
	if (!peer)
		return NULL;
	peer->id = id;
	peer->spare = calloc(1, sizeof(*peer->spare));
	if (!peer->spare)
		goto out_free;
	while (peer->fd_count < log->vectors) {
		fd = eventfd_new();
		if (fd < 0) {
			*ret_error = fd;
			goto out_free;
		}
		peer->fds[peer->fd_count++] = fd;
		log->fds++;
	}
	return peer;

out_free:
	peer_free(log, peer);
	return NULL;
}

/* The blank event gets a meaning, and @blank takes its place. Returns its number. */
static uint64_t append(struct server_log *log, struct server_peer *peer, bool leave,
		       struct server_event *blank)
{
	struct server_event *event = TAILQ_LAST(&log->events, server_event_list);

	event->peer = peer;
	event->leave = leave;
	event->number = log->number++;
	TAILQ_INSERT_TAIL(&log->events, blank, link);
	return event->number;
}

int server_log_join(struct server_log *log, uint16_t id, struct server_peer **ret_peer,
		    struct server_cursor *ret_cursor)
{
	struct server_event *blank = calloc(1, sizeof(*blank));
	struct server_peer *peer;
	int ret;

	if (!blank)
		return -ENOMEM;
	peer = peer_new(log, id, &ret);
	if (!peer) {
		free(blank);
		return ret;
	}
	*ret_cursor = (struct server_cursor){
		.at = TAILQ_FIRST(&log->events),
		.born = append(log, peer, false, blank),
	};
	ret_cursor->at->readers++;
	*ret_peer = peer;
	return 0;
}

void server_log_leave(struct server_log *log, struct server_peer *peer,
		      struct server_cursor *cursor)
{
	struct server_event *blank = peer->spare;

	cursor->at->readers--;
	cursor->at = NULL;
	peer->spare = NULL;
	peer->gone = true;
	peer->left = append(log, peer, true, blank);
	log->dead += 2;
}

static void cursor_move(struct server_cursor *cursor)
{
	cursor->at->readers--;
	cursor->at = TAILQ_NEXT(cursor->at, link);
	cursor->at->readers++;
	cursor->vector = 0;
}

/* Who came and went before a client was there is none of its business. */
static bool cursor_skips(const struct server_log *log, const struct server_cursor *cursor)
{
	const struct server_event *event = cursor->at;

	/* Without vectors nobody hears of a join, so nobody must hear of the leave. */
	if (log->vectors == 0)
		return true;
	return event->number < cursor->born &&
	       (event->leave || (event->peer->gone && event->peer->left < cursor->born));
}

bool server_cursor_message(struct server_log *log, struct server_cursor *cursor,
			   struct ivshmem_message *ret_message)
{
	const struct server_event *event;

	while (cursor->at->peer && cursor_skips(log, cursor))
		cursor_move(cursor);
	event = cursor->at;
	if (!event->peer)
		return false;
	*ret_message = (struct ivshmem_message){
		.value = event->peer->id,
		.fd = event->leave ? -1 : event->peer->fds[cursor->vector],
	};
	return true;
}

size_t server_cursor_count(const struct server_log *log, const struct server_cursor *cursor)
{
	struct server_cursor at = *cursor;
	size_t count = 0;

	/* A copy, which no event counts among its readers. */
	for (; at.at->peer; at.at = TAILQ_NEXT(at.at, link), at.vector = 0)
		if (!cursor_skips(log, &at))
			count += at.at->leave ? 1 : log->vectors - at.vector;
	return count;
}

void server_cursor_advance(struct server_log *log, struct server_cursor *cursor)
{
	if (!cursor->at->leave && ++cursor->vector < log->vectors)
		return;
	cursor_move(cursor);
}

static void event_free(struct server_log *log, struct server_event *event)
{
	struct server_peer *peer = event->peer;

	TAILQ_REMOVE(&log->events, event, link);
	/* The join comes first and needs the eventfds, the leave is the last to need the rest. */
	if (peer && event->leave)
		peer_free(log, peer);
	else if (peer)
		peer_close_fds(log, peer);
	free(event);
}

void server_log_trim(struct server_log *log)
{
	struct server_event *event = TAILQ_FIRST(&log->events), *next;

	for (; log->dead > 0 && event->peer && event->readers == 0; event = next) {
		next = TAILQ_NEXT(event, link);
		if (!event->peer->gone)
			continue;
		event_free(log, event);
		log->dead--;
	}
}

void server_log_fini(struct server_log *log)
{
	struct server_event *event, *next;

	if (!log->events.tqh_last)
		return;
	for (event = TAILQ_FIRST(&log->events); event; event = next) {
		next = TAILQ_NEXT(event, link);
		/* Of a peer that is still there no leave will come. */
		if (event->peer && !event->peer->gone) {
			peer_free(log, event->peer);
			event->peer = NULL;
		}
		event_free(log, event);
	}
	*log = (struct server_log){ 0 };
}
