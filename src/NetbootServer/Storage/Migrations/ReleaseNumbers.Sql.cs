namespace NetbootServer.Storage.Migrations;

/// <summary>What a database written before gets: numbers in the order of the times that it compared.</summary>
public partial class ReleaseNumbers
{
    /// <summary>
    /// The milliseconds since 1970 become the numbers; the counter goes on from the highest, which may lie in the
    /// future where the clock did.
    /// </summary>
    private const string TakeTimesAsNumbers = """
        UPDATE "machines" SET "SecretsSpent" = "SecretsSpentAt";
        UPDATE "secret_claims" SET "Number" = "ClaimedAt";
        INSERT INTO "server_values" ("Name", "Value")
            SELECT 'secret-releases', CAST(MAX(n) AS TEXT) FROM (
                SELECT "SecretsArmed" AS n FROM "machines"
                UNION ALL SELECT "SecretsSpent" FROM "machines"
                UNION ALL SELECT "Number" FROM "secret_claims"
                UNION ALL SELECT 1000 * (strftime('%s', j.value) + 1) FROM "machines" AS m, json_tree(m."Spec") AS j
                    WHERE j.key = 'setAt'
                UNION ALL SELECT 1000 * (strftime('%s', j.value) + 1) FROM "profiles" AS p, json_tree(p."Spec") AS j
                    WHERE j.key = 'setAt'
                UNION ALL SELECT 1000 * (strftime('%s', "NextBoot" ->> '$.setAt') + 1) FROM "machines"
                    WHERE "NextBoot" IS NOT NULL)
            WHERE n IS NOT NULL HAVING MAX(n) IS NOT NULL;
        """;
}
