using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace NetbootServer.Storage.Migrations
{
    /// <inheritdoc />
    public partial class BoundedBootRecords : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(
                name: "PhonesHome",
                table: "image_versions",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.Sql(TrimBootsWithoutMachine);
            migrationBuilder.Sql(MakeFacts);
            migrationBuilder.Sql(CountFacts);
            migrationBuilder.Sql(CopyStalls);
            migrationBuilder.Sql(ReplaceFacts);
            migrationBuilder.Sql(FindVersionsThatPhoneHome);
            migrationBuilder.Sql(CompleteInstallations);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "PhonesHome",
                table: "image_versions");

            migrationBuilder.DropColumn(
                name: "Count",
                table: "boot_facts");

            migrationBuilder.DropColumn(
                name: "DetailBytes",
                table: "boot_facts");

            migrationBuilder.DropColumn(
                name: "EndedAt",
                table: "boot_facts");

            migrationBuilder.DropColumn(
                name: "FirstAt",
                table: "boot_facts");

            migrationBuilder.DropColumn(
                name: "SentBytes",
                table: "boot_facts");

            migrationBuilder.AddColumn<bool>(
                name: "PhonesHome",
                table: "images",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);
        }
    }
}
