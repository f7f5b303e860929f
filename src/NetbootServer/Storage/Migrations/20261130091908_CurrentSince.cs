using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace NetbootServer.Storage.Migrations
{
    /// <inheritdoc />
    public partial class CurrentSince : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "CurrentSince",
                table: "images",
                type: "INTEGER",
                nullable: true);

            // When an image moved before is not known; by now it has.
            migrationBuilder.Sql(
                "UPDATE images SET CurrentSince = CAST(strftime('%s', 'now') AS INTEGER) * 1000 WHERE Current IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "CurrentSince",
                table: "images");
        }
    }
}
