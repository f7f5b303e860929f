using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace NetbootServer.Storage.Migrations
{
    /// <summary>Who holds an image, since when and why.</summary>
    [DbContext(typeof(NetbootDb))]
    [Migration("20261125150000_ImageHolds")]
    public partial class ImageHolds : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(name: "HeldAt", table: "images", type: "INTEGER", nullable: true);
            migrationBuilder.AddColumn<string>(name: "HeldBy", table: "images", type: "TEXT", nullable: true);
            migrationBuilder.AddColumn<string>(name: "HoldReason", table: "images", type: "TEXT", nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(name: "HeldAt", table: "images");
            migrationBuilder.DropColumn(name: "HeldBy", table: "images");
            migrationBuilder.DropColumn(name: "HoldReason", table: "images");
        }
    }
}
