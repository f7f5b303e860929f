namespace NetbootServer.Storage.Migrations;

/// <summary>What a database written before gets: its boots' records within their bounds.</summary>
public partial class BoundedBootRecords
{
    /// <summary>Boots without a machine were never trimmed.</summary>
    private const string TrimBootsWithoutMachine = """
        DELETE FROM "boot_facts" WHERE "BootId" IN (
            SELECT "Id" FROM "boots" WHERE "MachineId" IS NULL ORDER BY "StartedAt" DESC LIMIT -1 OFFSET 1000);
        DELETE FROM "boots" WHERE "MachineId" IS NULL AND "Id" IN (
            SELECT "Id" FROM "boots" WHERE "MachineId" IS NULL ORDER BY "StartedAt" DESC LIMIT -1 OFFSET 1000);
        """;

    /// <summary>The detail comes last, so that the other columns are read without it.</summary>
    private const string MakeFacts = """
        CREATE TABLE "boot_facts_counted" (
            "Id" INTEGER NOT NULL CONSTRAINT "PK_boot_facts" PRIMARY KEY AUTOINCREMENT,
            "BootId" TEXT NOT NULL,
            "Step" TEXT NOT NULL,
            "Kind" TEXT NOT NULL,
            "FirstAt" INTEGER NOT NULL,
            "At" INTEGER NOT NULL,
            "Count" INTEGER NOT NULL,
            "EndedAt" INTEGER NULL,
            "Bytes" INTEGER NULL,
            "TotalBytes" INTEGER NULL,
            "SentBytes" INTEGER NULL,
            "DetailBytes" INTEGER NOT NULL,
            "Detail" TEXT NULL,
            CONSTRAINT "FK_boot_facts_boots_BootId" FOREIGN KEY ("BootId") REFERENCES "boots" ("Id") ON DELETE CASCADE);
        """;

    /// <summary>Of facts that happened several times the last one stays, and counts them.</summary>
    private const string CountFacts = """
        INSERT INTO "boot_facts_counted"
        SELECT f."Id", f."BootId", f."Step", f."Kind", g."First", f."At", g."Count", NULL, g."Most", g."Total", g."Sent",
            COALESCE(LENGTH(CAST(f."Detail" AS BLOB)), 0), f."Detail"
        FROM (
            SELECT "Id", MIN("At") OVER alike AS "First", COUNT(*) OVER alike AS "Count", MAX("Bytes") OVER alike AS "Most",
                MAX("TotalBytes") OVER alike AS "Total",
                CASE WHEN "Kind" = 'ended' THEN SUM("Bytes") OVER alike END AS "Sent",
                ROW_NUMBER() OVER (PARTITION BY "BootId", "Step", "Kind", "Kind" = 'ended' AND "Bytes" IS "TotalBytes"
                    ORDER BY "At" DESC, "Id" DESC) AS "Place"
            FROM "boot_facts" WHERE "Kind" <> 'stalled'
            WINDOW alike AS (PARTITION BY "BootId", "Step", "Kind", "Kind" = 'ended' AND "Bytes" IS "TotalBytes")) AS g
        JOIN "boot_facts" AS f ON f."Id" = g."Id" WHERE g."Place" = 1;
        """;

    /// <summary>Of a step's stalls the first 31 and the last one stay.</summary>
    private const string CopyStalls = """
        INSERT INTO "boot_facts_counted"
        SELECT s."Id", s."BootId", s."Step", s."Kind", s."At", s."At", 1,
            (SELECT MIN(e."At") FROM "boot_facts" AS e WHERE e."BootId" = s."BootId" AND e."At" > s."At"
                AND (e."Kind" = 'lost' OR e."Step" = 'failed' OR (e."Step" = s."Step" AND e."Kind" <> 'stalled'))),
            s."Bytes", s."TotalBytes", NULL, 0, NULL
        FROM (
            SELECT *, ROW_NUMBER() OVER (PARTITION BY "BootId", "Step" ORDER BY "At", "Id") AS "Place",
                COUNT(*) OVER (PARTITION BY "BootId", "Step") AS "Count"
            FROM "boot_facts" WHERE "Kind" = 'stalled') AS s
        WHERE s."Place" < 32 OR s."Place" = s."Count";
        """;

    private const string ReplaceFacts = """
        DROP TABLE "boot_facts";
        ALTER TABLE "boot_facts_counted" RENAME TO "boot_facts";
        CREATE INDEX "IX_boot_facts_BootId" ON "boot_facts" ("BootId");
        """;

    /// <summary>
    /// That an image phones home was taken from any up. Of a version it counts once a boot that had fetched its files
    /// and reported ready was up.
    /// </summary>
    private const string FindVersionsThatPhoneHome = """
        UPDATE "image_versions" SET "PhonesHome" = 1 WHERE "Sequence" IN (
            SELECT v."Sequence" FROM "boots" AS b
            JOIN "images" AS i ON i."Name" = b."Image" JOIN "image_versions" AS v ON v."ImageId" = i."Id" AND v."Id" = b."Version"
            WHERE b."Outcome" = 'up'
                AND EXISTS (SELECT 1 FROM "boot_facts" AS f WHERE f."BootId" = b."Id" AND f."Step" = 'ready')
                AND EXISTS (SELECT 1 FROM "boot_facts" AS f WHERE f."BootId" = b."Id" AND f."Step" = 'kernel'
                    AND f."Kind" = 'ended' AND f."Bytes" = f."TotalBytes")
                AND EXISTS (SELECT 1 FROM "boot_facts" AS f WHERE f."BootId" = b."Id" AND f."Step" = 'initrd'
                    AND f."Kind" = 'ended' AND f."Bytes" = f."TotalBytes"));
        ALTER TABLE "images" DROP COLUMN "PhonesHome";
        """;

    /// <summary>
    /// Installations that ended in ready, and wait for an up only because the image was said to phone home, are complete:
    /// their machines boot the disk, and are not installed again.
    /// </summary>
    private const string CompleteInstallations = """
        CREATE TABLE "waiting_for_up" AS SELECT b."Id" FROM "boots" AS b JOIN "profiles" AS p ON p."Name" = b."Profile"
            WHERE b."Expects" = 'up' AND b."After" = 'local' AND b."Outcome" <> 'up'
                AND COALESCE(json_extract(p."Spec", '$.expects'), 'auto') = 'auto';
        UPDATE "boots" SET "Expects" = 'ready' WHERE "Id" IN (SELECT "Id" FROM "waiting_for_up");
        UPDATE "machines" SET "Completion" = (
            SELECT json_object('profile', b."Profile", 'boot', b."Id",
                'at', strftime('%Y-%m-%dT%H:%M:%S', r."At" / 1000, 'unixepoch') || printf('.%03dZ', r."At" % 1000))
            FROM "boots" AS b JOIN "boot_facts" AS r ON r."BootId" = b."Id" AND r."Step" = 'ready'
            WHERE b."Id" = json_extract("machines"."LastBoot", '$.id') AND b."Outcome" IN ('ready', 'unknown'))
        WHERE "Completion" IS NULL AND json_extract("LastBoot", '$.id') IN (SELECT "Id" FROM "waiting_for_up");
        DROP TABLE "waiting_for_up";
        """;
}
