using ConvTransfer.Engine.Elementwise;

namespace ConvTransfer.Tests.Elementwise;

public sealed class ErrorFunctionTests
{
    // Abramowitz and Stegun 1964, table 7.1.
    [Theory]
    [InlineData(0.02, 0.0225645747)]
    [InlineData(0.5, 0.5204998778)]
    [InlineData(1, 0.8427007929)]
    [InlineData(1.5, 0.9661051465)]
    [InlineData(1.98, 0.9948920004)]
    public void ItHasTheValuesOfTheTable(double x, double expected)
    {
        Assert.Equal(expected, ErrorFunction.Of(x), 0.6e-10);
        Assert.Equal(-ErrorFunction.Of(x), ErrorFunction.Of(-x));
    }

    // Simpson's rule on the definition, between and beside the points of the series.
    [Fact]
    public void ItIsTheIntegralOfTheDefinition()
    {
        for (double x = 1e-3; x < 7; x += 0.0173)
        {
            const int Steps = 2000;
            double h = x / Steps, sum = 0;
            for (int i = 0; i <= Steps; i++) sum += Math.Exp(-(i * h) * (i * h)) * (i is 0 or Steps ? 1 : i % 2 == 0 ? 2 : 4);
            double expected = 2 / Math.Sqrt(Math.PI) * sum * h / 3;
            Assert.Equal(expected, ErrorFunction.Of(x), 1e-14 * expected * 10);
        }
    }

    // The series' pieces meet: what is a hair left and right of the middle between two points differs by the slope alone.
    [Fact]
    public void ItHasNoSteps()
    {
        for (int i = 0; i < 96; i++)
        {
            double middle = (i + 0.5) / 16, hair = Math.ScaleB(1, -40), step = ErrorFunction.Of(middle + hair) - ErrorFunction.Of(middle - hair);
            Assert.Equal(2 * hair * 2 / Math.Sqrt(Math.PI) * Math.Exp(-middle * middle), step, 5e-16);
        }
    }

    [Fact]
    public void ItEndsAtOneAndHandsNaNOn()
    {
        Assert.Equal((1.0, -1.0, 1.0), (ErrorFunction.Of(double.PositiveInfinity), ErrorFunction.Of(double.NegativeInfinity), ErrorFunction.Of(6)));
        Assert.True(double.IsNaN(ErrorFunction.Of(double.NaN)) && double.IsNegative(ErrorFunction.Of(-0.0)));
        Assert.Equal(2 / Math.Sqrt(Math.PI) * 1e-300, ErrorFunction.Of(1e-300));
    }
}
