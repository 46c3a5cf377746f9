"""Pairs of sentences that differ in little, by whether they say the same. All were written for these tests."""

DIFFERENT = r"""
x < 5 holds for all of them.|x > 5 holds for all of them.
The ratio is 1/2 of the total.|The ratio is 1.2 of the total.
We know that p → q here.|We know that q ← p here.
We know that p → q here.|We know that q → p here.
So 2 + 2 = 4 and 4 * 5 = 20.|So 2 * 2 = 4 and 4 * 5 = 20.
The sum is 7 - 4 in the end.|The sum is 4 - 7 in the end.
It is (2 + 3) * 4 in the end.|It is 2 + (3 * 4) in the end.
She has 18 eggs.|She has 81 eggs.
She has nine eggs.|She has five eggs.
The value is -3 at this point.|The value is 3 at this point.
The share is 5% of it.|The share is 5 of it.
It costs $5 for one.|It costs €5 for one.
We get x^2 + 1 then.|We get x_2 + 1 then.
We get x² + 1 then.|We get x2 + 1 then.
We get 5! ways of doing it.|We get 5 ways of doing it.
Turn left at the corner.|Turn right at the corner.
The cat is above the box.|The cat is below the box.
Walk north for a mile.|Walk south for a mile.
He arrives before noon.|He arrives after noon.
She is older than her brother.|She is younger than her brother.
The red ball is next to the blue one.|The blue ball is next to the red one.
Alice is taller than Bob.|Bob is taller than Alice.
Alice gives Bob the book.|Bob gives Alice the book.
Alice gives the book to Bob.|Alice takes the book from Bob.
He goes from Paris to Rome.|He goes from Rome to Paris.
He goes from Paris to Rome.|He goes to Paris from Rome.
Tom likes tea and coffee.|Tom likes tea or coffee.
The statement is true.|The statement is false.
The argument is valid.|The argument is invalid.
The outcome is likely.|The outcome is unlikely.
This is possible here.|This is impossible here.
He is honest about it.|He is dishonest about it.
It is a regular shape.|It is an irregular shape.
He was careful about it.|He was careless about it.
He does not eat meat.|He does eat meat.
He doesn't eat meat.|He does eat meat.
She never goes there.|She always goes there.
Nobody saw the thief.|Somebody saw the thief.
All of the birds can fly.|Some of the birds can fly.
Every bird can fly.|No bird can fly.
Neither of them is right.|Either of them is right.
He may leave the room.|He must leave the room.
There are at least ten of them.|There are at most ten of them.
There are more than ten of them.|There are less than ten of them.
He has exactly ten of them.|He has about ten of them.
The meeting is on Monday.|The meeting is on Friday.
It was in March of that year.|It was in April of that year.
The day before was yesterday.|The day after was yesterday.
The meeting was yesterday.|The meeting is tomorrow.
The first is the largest.|The last is the largest.
The second runner wins.|The third runner wins.
It takes an hour to get there.|It takes a minute to get there.
The rope is ten meters long.|The rope is ten feet long.
It costs ten cents each.|It costs ten dollars each.
The price increases then.|The price decreases then.
We add the two of them.|We subtract the two of them.
We multiply it by four.|We divide it by four.
She bought the car.|She sold the car.
She won the match.|She lost the match.
The door is open.|The door is closed.
The box is full.|The box is empty.
The number is even.|The number is odd.
The number is positive.|The number is negative.
The area is what we want.|The perimeter is what we want.
The maximum is at the end.|The minimum is at the end.
The angle is horizontal.|The angle is vertical.
It turns clockwise then.|It turns counterclockwise then.
His brother is a teacher.|His sister is a teacher.
He gives her the pen.|She gives him the pen.
The man is a doctor.|The woman is a doctor.
The book is green.|The book is purple.
It is with sugar.|It is without sugar.
The lamp is on.|The lamp is off.
She is in the house.|She is out of the house.
If it rains, he stays.|It rains, and he stays.
He stays unless it rains.|He stays if it rains.
Only Tom told the truth, says Ann.|Only Ann told the truth, says Tom.
Swap A and B, then B and C.|Swap B and C, then A and B.
Push a, then pop b, then push c.|Push c, then pop b, then push a.
The stack is [ ( { so far.|The stack is ( [ { so far.
The stack is ( ( ) so far.|The stack is ( ) ( so far.
Option (A) is the one.|Option (B) is the one.
The pH of it is given.|The PH of it is given.
It is 5 MW of power.|It is 5 mW of power.
Let x be the width.|Let X be the width.
It is CO that we see.|It is Co that we see.
Tom was hit by the car.|Tom hit the car.
The dog chases the cat in the yard.|The cat chases the dog in the yard.
He spends half of the money.|He spends a third of the money.
He earns twice that amount.|He earns thrice that amount.
It happens once a week.|It happens once a month.
It is hot outside.|It is cold outside.
The knife is dull and heavy.|The knife is dull and light.
The next bus is full.|The previous bus is full.
Every cat that is black is old.|Every cat that is old is black.
If a is b, then c is d.|If c is d, then a is b.
A is true and B is false.|B is true and A is false.
Some roses are flowers.|Some flowers are roses.
3:4 is the ratio.|34 is the ratio.
12:30 is the time.|1:230 is the time.
向左走三步，然后停下来等一会儿。|向右走三步，然后停下来等一会儿。
小明比小红高，所以他站在后面。|小红比小明高，所以他站在后面。
他不喜欢吃苹果，所以没有买。|他喜欢吃苹果，所以没有买。
他有三个苹果和一些别的水果。|他有五个苹果和一些别的水果。
Er ist nicht zu Hause.|Er ist zu Hause.
Il tourne à gauche au coin.|Il tourne à droite au coin.
Ella no tiene dinero.|Ella tiene dinero.
"""

SAME = r"""
She sells the eggs at the market.|So she sells the eggs at the market.
She sells the eggs at the market.|She then sells the eggs at the market.
She sells the eggs at the market.|SHE SELLS THE EGGS AT THE MARKET.
She sells the eggs at the market.|She  sells\tthe eggs at the market
She sells the eggs at the market.|**She sells** the eggs at the _market_.
She sells the eggs at the market.|She sells the "eggs" at the market!
She sells the eggs at the market.|Therefore, she sells the eggs at the market.
She sells the eggs at the market.|She sells her eggs at the market.
She sells the eggs at the market.|She sells all eggs at the market.
She sells the eggs at the market.|She sells the fresh eggs at the market.
She sells the eggs at the market.|She will sell the eggs at the market.
She sells the eggs at the market.|She is selling the eggs at the market.
She sells the eggs at the market.|Next, she sells the eggs at the market.
She sells the eggs at the market.|Now she sells the eggs at the local market.
There are 12 eggs left over.|There are 12 eggs remaining over.
There are 12 eggs left over.|So there are 12 eggs left over.
There are 12 eggs left over.|There are twelve eggs left over.
There are 12 eggs left over.|There are 12 eggs left over, as we see.
There are 12 eggs left over.|- There are 12 eggs left over.
There are 12 eggs left over.|There are \(12\) eggs left over.
There are 12 eggs left over.|There are $12$ eggs left over.
There are 12 eggs left over.|There are **12** eggs left over.
There are 12 eggs left over.|There are `12` eggs left over.
It costs 5 dollars each.|It costs 5 dollars apiece.
It costs 5 dollars each.|Each costs 5 dollars.
It costs 5 dollars each.|It costs 5 dollars for each one of them... so to say.
It costs 5 dollars each.|It would cost 5 dollars each.
It costs 5 dollars in total.|It costs 5 dollars altogether.
He walks quickly to the school.|He walks fast to the school.
He walks quickly to the school.|He quickly walks to the school.
He walks quickly to the school.|He walks rapidly to the school.
He walks quickly to the school.|Then he walks quickly to school.
The cat can't fly, as cats have no wings.|The cat cannot fly, as cats have no wings.
The cat can't fly, as cats have no wings.|The cat can't fly, since cats have no wings.
The cat can't fly, as cats have no wings.|The cat can't fly because cats have no wings.
He doesn't like the soup.|He does not like the soup.
He doesn't like the soup.|He doesn't like this soup.
We know that 3 + 4 = 7 here.|We know that 3+4=7 here.
We know that 3 + 4 = 7 here.|We know that 3 + 4 = 7 in this case.
We know that 3 × 4 = 12 here.|We know that 3 * 4 = 12 here.
We know that 3 × 4 = 12 here.|We know that $3 \cdot 4 = 12$ here.
We know that 6 ÷ 2 = 3 here.|We know that 6 / 2 = 3 here.
We know that 6 ÷ 2 = 3 here.|We know that \(\frac{6}{2} = 3\) here.
We know that 6 - 2 = 4 here.|We know that 6 − 2 = 4 here.
We know that x ≥ 2 here.|We know that x >= 2 here.
We know that p → q here.|We know that p -> q here.
The answer is 18.|The answer is therefore 18.
The answer is 18.|Thus the answer is 18.
The answer is 18.|The answer is: 18
The answer is 18.|The answer is \boxed{18}.
The answer is 18.|The final answer is 18.
The answer is 18.|Hence, the answer is **18**.
The first step is to find the area.|The first step is finding the area.
The first step is to find the area.|The first step is to calculate the area.
The first step is to find the area.|The first step is to compute the area.
Tom has to pay the bill.|Tom needs to pay the bill.
Tom has to pay the bill.|Tom must pay the bill.
Tom has to pay the bill.|Tom has to pay his bill.
The penguin swims in the cold sea.|The penguin swims in the cold ocean.
The penguin swims in the cold sea.|A penguin swims in the cold sea.
The penguin swims in the cold sea.|The penguin swims in cold seas.
The penguin swims in the cold sea.|“The penguin swims in the cold sea.”
The penguin swims in the cold sea.|The penguin, swims in the cold sea;
A dog is an animal.|A dog is a kind of animal.
A dog is an animal.|Dogs are animals.
The two lines meet in one point.|The two lines intersect in one point.
The two lines meet in one point.|These two lines meet in one point.
The two lines meet in one point.|Both of the two lines meet in one point.
He is a well-known doctor.|He is a well known doctor.
A 12-year-old can read it.|A 12 year old can read it.
It is twenty-five miles away.|It is twenty five miles away.
1. We sum it up.\n2. We halve it.|We sum it up.\nWe halve it.
- We sum it up.\n- We halve it.|We sum it up.\nWe halve it.
Step 1: We sum it up.\nStep 2: We halve it.|We sum it up.\nWe halve it.
## Result\nWe sum it up.|Result: We sum it up.
企鹅的翅膀又短又硬，所以它们只能在水里快速地游动。|企鹅的翅膀又短又硬，所以它们只能在水里迅速地游动。
企鹅的翅膀又短又硬，所以它们只能在水里快速地游动。|企鹅的翅膀又短又硬, 所以它们只能在水里快速地游动.
Der Hund läuft schnell in den Garten.|Also, der Hund läuft schnell in den Garten.
Le chien court vite dans le jardin.|Donc le chien court vite dans le jardin.
El perro corre por el jardín grande.|Entonces el perro corre por el jardín grande.
"""

DIFFERENT_HELD_OUT = """
The ship sails with the wind.|The ship sails against the wind.
Penguins live near the south pole.|Penguins live near the equator.
The hammer breaks the glass.|The glass breaks the hammer.
Kim arrives earlier than Lee.|Kim arrives later than Lee.
The suspect was inside of the bank.|The suspect was outside of the bank.
The verdict is guilty.|The verdict is innocent.
The solution is acidic.|The solution is basic.
The graph is directed.|The graph is undirected.
The market was bullish.|The market was bearish.
The shirt is on top of the drawer.|The drawer is on top of the shirt.
The train leaves at dawn.|The train leaves at dusk.
He ate breakfast at nine.|He ate dinner at nine.
The function is convex here.|The function is concave here.
The temperature rises with the height.|The temperature drops with the height.
The first player always wins.|The first player always loses.
Ducks are able to fly.|Ducks are unable to fly.
The wolf is stronger than the goat.|The wolf is weaker than the goat.
The patient was discharged that evening.|The patient was admitted that evening.
The couple has three sons.|The couple has three daughters.
The book is under the lamp.|The lamp is under the book.
The current flows upstream there.|The current flows downstream there.
He rejected the offer right away.|He accepted the offer right away.
The mean is what we need.|The median is what we need.
The key is in the kitchen.|The key is in the bedroom.
Joan pays the bill this time.|Rita pays the bill this time.
Sugar dissolves in water.|Sand dissolves in water.
The wall is thick.|The wall is thin.
She travels by bus there.|She travels by plane there.
"""

SAME_HELD_OUT = """
The farmer harvests the field.|The farmer then harvests the field.
The farmer harvests the field.|The farmer is harvesting the field.
She purchases the tickets.|She buys the tickets.
We subtract it from the total.|We then subtract it from the total.
That leaves the small ones.|This leaves the small ones.
He arrives at the station.|He gets to the station.
The result is what we wanted.|The result is just what we wanted.
The plane lands safely.|The airplane lands safely.
So the box holds the toys.|The box therefore holds the toys.
It follows that the tree is tall.|Hence the tree is tall.
The kids share the cake.|The children share the cake.
The bread is baked in the oven.|The loaf is baked in the oven.
They split the money equally.|They divide the money equally.
The car goes along the road.|The car drives along the road.
He has a lot of stamps.|He has lots of stamps.
We compute the area of it.|We calculate its area.
"""


def list_pairs(text: str) -> list[tuple[str, str]]:
    """List the pairs of a text: one a line, the two sides with a bar between."""
    lines = text.strip().replace("\\n", "\x00").replace("\\t", "\t").split("\n")
    return [tuple(line.replace("\x00", "\n").split("|")) for line in lines]
