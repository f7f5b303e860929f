using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace NetbootServer.Storage.Migrations
{
    /// <inheritdoc />
    public partial class Recipes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(MakeRecipes);

            migrationBuilder.AddColumn<string>(
                name: "NextBootProfile",
                table: "machines",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "Recipe",
                table: "boots",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "InitrdBytes",
                table: "boots",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.Sql(AddFileToFacts);

            migrationBuilder.CreateTable(
                name: "version_closures",
                columns: table => new
                {
                    VersionSequence = table.Column<long>(type: "INTEGER", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Closure = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_version_closures", x => new { x.VersionSequence, x.Name });
                    table.ForeignKey(
                        name: "FK_version_closures_image_versions_VersionSequence",
                        column: x => x.VersionSequence,
                        principalTable: "image_versions",
                        principalColumn: "Sequence",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_machines_NextBootProfile",
                table: "machines",
                column: "NextBootProfile");

            migrationBuilder.Sql(MoveClosures);
            migrationBuilder.Sql(CopyNextBootProfiles);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "version_closures");

            migrationBuilder.DropIndex(
                name: "IX_machines_NextBootProfile",
                table: "machines");

            migrationBuilder.DropColumn(
                name: "NextBootProfile",
                table: "machines");

            migrationBuilder.DropColumn(
                name: "Recipe",
                table: "boots");

            migrationBuilder.DropColumn(
                name: "InitrdBytes",
                table: "boots");

            migrationBuilder.DropColumn(
                name: "File",
                table: "boot_facts");

            migrationBuilder.AddColumn<string>(
                name: "Closures",
                table: "image_versions",
                type: "TEXT",
                nullable: true);
        }
    }
}
