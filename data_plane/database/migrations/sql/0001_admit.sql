-- Which requests fit, in the order they came. For each: '' if it fits, else the first pot without room. The caller holds
-- the locks of the pots. Everything fits is the common case and is one sum; else requests are tried one by one.
CREATE FUNCTION bw_fit(p_amount bigint[], p_pots text[])
RETURNS text[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_ids  text[];
    v_room bigint[];
    v_fits boolean;
    v_out  text[] := array_fill(''::text, ARRAY[cardinality(p_amount)]);
    v_mine text[];
    v_at   int;
    v_id   text;
BEGIN
    WITH sums AS (
        SELECT pots, sum(amount)::bigint AS amount FROM unnest(p_pots, p_amount) AS w (pots, amount) GROUP BY pots
    ), wanted AS (
        SELECT p.id, sum(s.amount)::bigint AS amount
        FROM sums s, unnest(string_to_array(s.pots, ' ')) AS p (id)
        GROUP BY p.id
    )
    SELECT array_agg(w.id), array_agg(pot.stop_micro - pot.reserved - pot.settled),
           coalesce(bool_and(pot.stop_micro IS NULL OR pot.reserved + pot.settled + w.amount <= pot.stop_micro), true)
    INTO v_ids, v_room, v_fits
    FROM wanted w JOIN pot USING (id);
    IF v_fits THEN
        RETURN v_out;
    END IF;
    FOR i IN 1 .. cardinality(p_amount) LOOP
        v_mine := string_to_array(p_pots[i], ' ');
        FOREACH v_id IN ARRAY v_mine LOOP
            -- A room of NULL is a pot without a limit: the comparison is then not true.
            IF v_room[array_position(v_ids, v_id)] < p_amount[i] THEN
                v_out[i] := v_id;
                EXIT;
            END IF;
        END LOOP;
        IF v_out[i] = '' THEN
            FOREACH v_id IN ARRAY v_mine LOOP
                v_at := array_position(v_ids, v_id);
                v_room[v_at] := v_room[v_at] - p_amount[i];
            END LOOP;
        END IF;
    END LOOP;
    RETURN v_out;
END
$$;

-- The person tags of (subject, day), in order; a proposed tag is kept where there was none yet.
CREATE FUNCTION bw_people(p_subject bytea[], p_day date[], p_tag bytea[])
RETURNS bytea[] LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    INSERT INTO person (subject, day, tag)
    SELECT DISTINCT ON (s.subject, s.day) s.subject, s.day, s.tag
    FROM unnest(p_subject, p_day, p_tag) AS s (subject, day, tag)
    ORDER BY s.subject, s.day
    ON CONFLICT DO NOTHING;
    RETURN (
        SELECT array_agg(p.tag ORDER BY s.ord)
        FROM unnest(p_subject, p_day) WITH ORDINALITY AS s (subject, day, ord)
        JOIN person p ON p.subject = s.subject AND p.day = s.day
    );
END
$$;

-- Makes admissions durable: numbers them gaplessly, reserves on every pot, inserts their entries and opens them. The
-- caller holds the counter's lock and the pots'.
CREATE FUNCTION bw_admit(
    p_now timestamptz, p_worker text, p_last bigint,
    p_request uuid[], p_head bytea[], p_tail bytea[], p_amount bigint[], p_pots text[],
    p_person bytea[], p_day date[], p_service boolean[], p_tags text[], p_tier text[],
    OUT numbers bigint[], OUT refused text[])
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    refused := bw_fit(p_amount, p_pots);
    SELECT array_agg(CASE WHEN f = '' THEN p_last + seen END ORDER BY ord)
    INTO numbers
    FROM (
        SELECT f, ord, count(*) FILTER (WHERE f = '') OVER (ORDER BY ord) AS seen
        FROM unnest(refused) WITH ORDINALITY AS r (f, ord)
    ) AS counted;

    INSERT INTO ledger_entry (kind, number, body, at)
    SELECT 'admission', e.number, e.head || convert_to(e.number::text, 'UTF8') || e.tail, p_now
    FROM unnest(numbers, p_head, p_tail) AS e (number, head, tail)
    WHERE e.number IS NOT NULL
    ORDER BY e.number;

    INSERT INTO open_admission (number, worker, request, amount, pots, person, day, service, tags, tier, at)
    SELECT o.number, p_worker, o.request, o.amount, o.pots, o.person, o.day, o.service, o.tags, o.tier, p_now
    FROM unnest(numbers, p_request, p_amount, p_pots, p_person, p_day, p_service, p_tags, p_tier)
         AS o (number, request, amount, pots, person, day, service, tags, tier)
    WHERE o.number IS NOT NULL;

    WITH sums AS (
        SELECT a.pots, sum(a.amount)::bigint AS amount
        FROM unnest(numbers, p_pots, p_amount) AS a (number, pots, amount)
        WHERE a.number IS NOT NULL
        GROUP BY a.pots
    ), moves AS (
        SELECT p.id, sum(s.amount)::bigint AS amount
        FROM sums s, unnest(string_to_array(s.pots, ' ')) AS p (id)
        GROUP BY p.id
    )
    UPDATE pot SET reserved = reserved + m.amount FROM moves m WHERE pot.id = m.id;

    UPDATE admission_counter SET last = p_last + (SELECT count(n) FROM unnest(numbers) AS n) WHERE id = 1;
END
$$;
