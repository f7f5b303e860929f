namespace NetbootServer.Storage.Migrations;

/// <summary>What a database written before gets: versions with recipes, and closures in a table of their own.</summary>
public partial class Recipes
{
    /// <summary>A version had at most one initrd a system, and the tarball's member was called like its role.</summary>
    private static readonly string MakeRecipes = $"""
        UPDATE "image_versions" SET "Systems" = (
            SELECT json_group_object(s.key, json(CASE WHEN json_type(s.value, '$.variants') = 'object'
                THEN json_set({Recipe("s.value")}, '$.variants', json((
                    SELECT json_group_object(v.key, json({Recipe("v.value")}))
                    FROM json_each(s.value, '$.variants') AS v)))
                ELSE {Recipe("s.value")} END))
            FROM json_each("image_versions"."Systems") AS s);
        """;

    private const string MoveClosures = """
        INSERT INTO "version_closures" ("VersionSequence", "Name", "Closure")
            SELECT v."Sequence", c.key, c.value FROM "image_versions" AS v, json_each(v."Closures") AS c
            WHERE v."Closures" IS NOT NULL;
        ALTER TABLE "image_versions" DROP COLUMN "Closures";
        """;

    private const string CopyNextBootProfiles = """
        UPDATE "machines" SET "NextBootProfile" = json_extract("NextBoot", '$.profile') WHERE "NextBoot" IS NOT NULL;
        """;

    /// <summary>The detail stays last, so that the other columns are read without it.</summary>
    private const string AddFileToFacts = """
        CREATE TABLE "boot_facts_of_files" (
            "Id" INTEGER NOT NULL CONSTRAINT "PK_boot_facts" PRIMARY KEY AUTOINCREMENT,
            "BootId" TEXT NOT NULL,
            "Step" TEXT NOT NULL,
            "Kind" TEXT NOT NULL,
            "File" TEXT NULL,
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
        INSERT INTO "boot_facts_of_files"
            SELECT "Id", "BootId", "Step", "Kind", NULL, "FirstAt", "At", "Count", "EndedAt", "Bytes", "TotalBytes",
                "SentBytes", "DetailBytes", "Detail" FROM "boot_facts";
        DROP TABLE "boot_facts";
        ALTER TABLE "boot_facts_of_files" RENAME TO "boot_facts";
        CREATE INDEX "IX_boot_facts_BootId" ON "boot_facts" ("BootId");
        """;

    private static string Recipe(string artifacts) => $$"""
        json_patch(json_patch({{artifacts}}, '{"initrd": null, "kexec-noninteractive": null}'), json_object(
            'initrds', json(CASE WHEN json_type({{artifacts}}, '$.initrd') = 'object'
                THEN json_array(json_set(json_extract({{artifacts}}, '$.initrd'), '$.name', 'initrd')) ELSE '[]' END),
            'kexecNoninteractive', json_extract({{artifacts}}, '$."kexec-noninteractive"')))
        """;
}
