-- Ends open admissions, each exactly once: whoever deletes the open row is the one who settles. Gives the numbers that
-- this call settled; the others had been settled before. The caller holds the locks of the pots concerned.
CREATE FUNCTION bw_settle(p_now timestamptz, p_number bigint[], p_cost bigint[], p_body bytea[])
RETURNS bigint[] LANGUAGE sql VOLATILE AS $$
    WITH gone AS (
        DELETE FROM open_admission o
        USING unnest(p_number, p_cost, p_body) WITH ORDINALITY AS s (number, cost, body, ord)
        WHERE o.number = s.number
        RETURNING o.number, o.pots, o.amount, s.cost, s.body, s.ord
    ), entries AS (
        INSERT INTO ledger_entry (kind, number, body, at)
        SELECT 'settlement', number, body, p_now FROM gone ORDER BY ord
    ), sums AS (
        SELECT pots, sum(amount)::bigint AS amount, sum(cost)::bigint AS cost FROM gone GROUP BY pots
    ), moves AS (
        SELECT p.id, sum(s.amount)::bigint AS amount, sum(s.cost)::bigint AS cost
        FROM sums s, unnest(string_to_array(s.pots, ' ')) AS p (id)
        GROUP BY p.id
    ), moved AS (
        UPDATE pot
        SET reserved = reserved - m.amount, settled = settled + m.cost, lifetime = lifetime + m.cost
        FROM moves m WHERE pot.id = m.id
    )
    SELECT coalesce(array_agg(number), '{}') FROM gone
$$;
