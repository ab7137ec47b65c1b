-- The one call of a gateway worker: settlements, refusals and admissions of about two milliseconds in one transaction.
-- Locks, always in this order: the counter, then pots by id, then open admissions. Settlements come first: they make room.
--
-- status: 'ok'; 'stale' (the set of pots changed: read it again); 'due' (a window has ended: roll it over); 'halted'
-- (the ledger may not be written: `reason` says why). In all but 'ok' nothing was admitted; settlements and refusals were
-- written all the same. `p_batch` counts the worker's calls, so that it can learn after a lost connection which one was
-- the last to be committed.
CREATE FUNCTION bw_meter(
    p_now timestamptz, p_worker text, p_batch bigint, p_revision bigint,
    a_request uuid[], a_head bytea[], a_tail bytea[], a_amount bigint[], a_pots text[],
    a_subject bytea[], a_tag bytea[], a_day date[], a_service boolean[], a_tags text[], a_tier text[],
    s_number bigint[], s_cost bigint[], s_body bytea[],
    d_head bytea[], d_tail bytea[], d_subject bytea[], d_tag bytea[], d_day date[],
    OUT status text, OUT reason text, OUT numbers bigint[], OUT persons bytea[], OUT refused text[], OUT settled bigint[])
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_last     bigint;
    v_revision bigint;
    v_due      boolean;
    v_admits   boolean := cardinality(a_request) > 0;
BEGIN
    status := 'ok';
    IF v_admits THEN
        SELECT last, pot_revision INTO v_last, v_revision FROM admission_counter WHERE id = 1 FOR UPDATE;
        SELECT halted INTO reason FROM ledger_head WHERE id = 1;
        IF reason IS NOT NULL THEN
            status := 'halted';
        ELSIF v_revision <> p_revision THEN
            status := 'stale';
        END IF;
    END IF;

    PERFORM 1 FROM pot WHERE id IN (
        SELECT unnest(string_to_array(pots, ' '))
        FROM (
            SELECT DISTINCT pots FROM unnest(a_pots) AS w (pots)
            UNION
            SELECT DISTINCT o.pots FROM open_admission o WHERE o.number = ANY (s_number)
        ) AS concerned
    ) ORDER BY id FOR UPDATE;

    settled := '{}';
    IF cardinality(s_number) > 0 THEN
        settled := bw_settle(p_now, s_number, s_cost, s_body);
    END IF;
    IF cardinality(d_head) > 0 THEN
        INSERT INTO ledger_entry (kind, body, at)
        SELECT 'decision', d.head || convert_to(encode(d.tag, 'hex'), 'UTF8') || d.tail, p_now
        FROM unnest(d_head, bw_people(d_subject, d_day, d_tag), d_tail) AS d (head, tag, tail);
    END IF;

    IF v_admits AND status = 'ok' THEN
        SELECT bool_or(resets_at <= p_now) INTO v_due FROM pot WHERE id IN (
            SELECT unnest(string_to_array(pots, ' ')) FROM (SELECT DISTINCT pots FROM unnest(a_pots) AS w (pots)) AS d);
        IF v_due THEN
            status := 'due';
        ELSE
            persons := bw_people(a_subject, a_day, a_tag);
            SELECT a.numbers, a.refused INTO numbers, refused
            FROM bw_admit(p_now, p_worker, v_last, a_request, a_head, a_tail, a_amount, a_pots,
                          persons, a_day, a_service, a_tags, a_tier) AS a;
        END IF;
    END IF;
    UPDATE worker SET batch = p_batch WHERE id = p_worker;
END
$$;

-- Opens new windows. Reservations stay: they are settled in the window in which they end, so nothing can overshoot.
CREATE FUNCTION bw_roll(p_id text[], p_start timestamptz[], p_resets timestamptz[])
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM pot WHERE id = ANY (p_id) ORDER BY id FOR UPDATE;
    UPDATE pot SET settled = 0, window_start = n.start, resets_at = n.resets
    FROM unnest(p_id, p_start, p_resets) AS n (id, start, resets)
    WHERE pot.id = n.id AND pot.resets_at <= n.start;
END
$$;

-- Appends an entry of a kind that is not metering's. Who may call it is a grant; what it may write is decided here.
CREATE FUNCTION bw_append(p_kind text, p_body bytea, p_at timestamptz)
RETURNS bigint LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_row bigint;
BEGIN
    IF p_kind NOT IN ('change', 'consent', 'veto', 'egress', 'key', 'budget', 'grant', 'erasure', 'correction') THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'not appended this way: entries of kind ' || p_kind;
    END IF;
    INSERT INTO ledger_entry (kind, body, at) VALUES (p_kind, p_body, p_at) RETURNING "row" INTO v_row;
    RETURN v_row;
END
$$;
